"""The highest memory that a process has held since it began to count."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["peak_mb", "reset_memory_peak"]

_STATUS = Path("/proc/self/status")
_held_before: list[float] = []


def reset_memory_peak() -> None:
    """Begin to count in this process: resident memory is what it holds now, its high-water mark is set back to it.

    In a process that lives for one candidate; elsewhere memory that was freed and kept for reuse would not be counted.
    """
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return  # the mark then stands where the process's start has left it, which is where it is in a fresh one
    finally:
        _held_before[:] = _resident("VmRSS")


def peak_mb() -> float | None:
    """Return the high-water mark of resident memory above what was held when counting began, in MB of 10⁶ bytes.

    None where counting has not begun or the system does not tell.
    """
    peak = _resident("VmHWM")
    return round(max(0.0, peak[0] - _held_before[0]), 1) if peak and _held_before else None


def _resident(name: str) -> list[float]:
    try:
        found = re.search(rf"^{name}:\s+(\d+) kB$", _STATUS.read_text(), re.MULTILINE)
    except OSError:
        return []
    return [int(found[1]) * 1024 / 1e6] if found else []
