"""The peak memory of a process since measuring began."""

from __future__ import annotations

import re
from pathlib import Path

_STATUS = Path("/proc/self/status")
_held_before: list[float] = []


def reset_memory_peak() -> None:
    """Start measuring in this process: remember its resident memory and reset its high-water mark.

    Call it in a process that runs a single candidate; elsewhere, freed memory that is kept for reuse is not counted.
    """
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return  # the mark then dates from the start of the process, which is right for a fresh one
    finally:
        _held_before[:] = _resident("VmRSS")


def peak_mb() -> float | None:
    """Return the high-water mark of resident memory above the memory held when measuring began, in MB of 10⁶ bytes.

    None if measuring has not begun or the system does not report it.
    """
    peak = _resident("VmHWM")
    return round(max(0.0, peak[0] - _held_before[0]), 1) if peak and _held_before else None


def _resident(name: str) -> list[float]:
    try:
        found = re.search(rf"^{name}:\s+(\d+) kB$", _STATUS.read_text(), re.MULTILINE)
    except OSError:
        return []
    return [int(found[1]) * 1024 / 1e6] if found else []
