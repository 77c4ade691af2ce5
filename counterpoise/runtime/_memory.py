"""Parse and format memory sizes, and measure this process's free memory."""

from __future__ import annotations

import mmap
import os
import re
from collections.abc import Iterator
from pathlib import Path

_UNITS = {"MB": 10**6, "GB": 10**9, "MiB": 2**20, "GiB": 2**30}
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?(MB|GB|MiB|GiB)")


def parse_size(text: str) -> int:
    """Return a size in bytes.

    >>> parse_size("8 GiB"), parse_size("1.5GB")
    (8589934592, 1500000000)

    Raises:
        ValueError: The text is not a number with MB, GB, MiB or GiB.
    """
    match = _SIZE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a size such as 8 GiB")
    return int(float(match[1]) * _UNITS[match[2]])


def format_size(size: float) -> str:
    """Format a size in MiB or GiB.

    >>> format_size(3 * 2**20), format_size(1.25 * 2**30), format_size(40 * 2**30), format_size(1)
    ('3 MiB', '1.2 GiB', '40 GiB', '1 MiB')
    """
    if round(size / 2**20) < 1024:
        return f"{max(1, round(size / 2**20)):,} MiB"
    number = size / 2**30
    return f"{number:.1f} GiB" if number < 10 else f"{number:,.0f} GiB"


def free_memory(root: Path = Path("/")) -> int | None:
    """Return the bytes that this process may still allocate, limited by the machine and its control group.

    Fall back to the machine's total memory; return None if that is unknown, too.

    Args:
        root: The root of the file system to inspect.
    """
    known = [*_available(root / "proc/meminfo"), *_left_in_groups(root)]
    return min(known) if known else _physical()


def require_memory(size: int) -> None:
    """Check that this process may allocate so much at once, before code that cannot say that it may not.

    The address space is taken and given back; no page of it is touched.

    Args:
        size: The number of bytes.

    Raises:
        MemoryError: It may not.
    """
    try:
        mmap.mmap(-1, size).close()
    except OSError as error:
        raise MemoryError(f"{format_size(size)} more cannot be allocated ({error.strerror})") from error


def _available(meminfo: Path) -> Iterator[int]:
    found = re.search(r"^MemAvailable:\s+(\d+) kB", _text(meminfo), re.MULTILINE)
    if found:
        yield int(found[1]) * 1024


def _left_in_groups(root: Path) -> Iterator[int]:
    """Yield the memory left in each control group of this process, for versions 1 and 2."""
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            place, limit, usage, cache = root / "sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"
        elif "memory" in controllers.split(","):
            place, limit, usage = root / "sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes"
            cache = "total_inactive_file"
        else:
            continue
        for folder in _upwards(place, path):
            allowed, used = _text(folder / limit).strip(), _text(folder / usage).strip()
            if allowed.isdigit() and used.isdigit():
                yield max(0, int(allowed) - int(used) + _reclaimable(folder / "memory.stat", cache))


def _upwards(place: Path, path: str) -> Iterator[Path]:
    """Yield the folder of a group and of all its ancestors, each of which may have a limit."""
    folder = place / path.strip("/")
    while folder != place:
        yield folder
        folder = folder.parent
    yield place


def _reclaimable(stat: Path, name: str) -> int:
    """Return the bytes of cached files that the kernel can reclaim."""
    found = re.search(rf"^{name} (\d+)$", _text(stat), re.MULTILINE)
    return int(found[1]) if found else 0


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _physical() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None
