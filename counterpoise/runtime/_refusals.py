"""What the operating system's refusals mean: the disk is full, files are too many, rights are missing.

They come as `OSError`s, and in the clothes of libraries: DuckDB, Arrow, SQLite and Great Expectations raise errors of
their own that have the system's words in their text. Whatever they wear, a stage ends with one error that names the
refusal, the place and a remedy that fits.
"""

from __future__ import annotations

import errno
import functools
import os
import re
import resource
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, TypeVar

from counterpoise.errors import CounterpoiseError, EngineError, MachineError, PublishError

__all__ = ["names_refusals", "naming_refusals", "refusal_behind", "unreadable_for_the_system"]

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class _Refusal:
    """A kind of refusal.

    Attributes:
        reason: The error's reason.
        expected: What should have been possible.
        remedy: What to do about it; `{place}` and `{limit}` are filled in.
        limit: The process's limit that may be behind it.
    """

    reason: str
    expected: str
    remedy: str
    limit: int | None = None


_NO_SPACE = _Refusal("no_space", "room for what is written", "free space on the file system of {place}, then run again")
_OUT_OF_MEMORY = _Refusal(
    "out_of_memory",
    "memory for the work",
    "free memory, raise the limit of the process or container (ulimit -v is {limit}), or give it less to do at a time",
    resource.RLIMIT_AS,
)
_TOO_MANY_FILES = _Refusal(
    "too_many_open_files",
    "to open one more file",
    "raise the limit of open files (ulimit -n is {limit}), or let fewer runs work at a time",
    resource.RLIMIT_NOFILE,
)
_PERMISSION = _Refusal(
    "permission_denied",
    "the right to do so",
    f"give user {os.getuid()}, who runs this, the rights on {{place}}, or choose another place",
)
_PROCESSES = _Refusal(
    "too_many_processes",
    "to start one more thread or process",
    "raise the limit of processes (ulimit -u is {limit}; pids of a container), or let fewer runs work at a time",
    resource.RLIMIT_NPROC,
)
_OTHER = _Refusal(
    "system_refused", "the operating system to do it", "see what it says of {place}, mend that, and run again"
)
_GONE = _Refusal(
    "file_missing", "a file or folder that is there", "see why {place} is missing; something may have removed it"
)
_KINDS: dict[int, _Refusal] = {
    errno.ENOSPC: _NO_SPACE,
    errno.EDQUOT: _Refusal(
        "quota_exceeded", _NO_SPACE.expected, "free some of the quota on {place}, or have it raised"
    ),
    errno.EROFS: _Refusal(
        "read_only", "a place that can be written", "mount the file system of {place} for writing, or choose another"
    ),
    errno.EFBIG: _Refusal(
        "file_too_large",
        "files of this size",
        "raise the limit of file sizes (ulimit -f is {limit}), or lower output.rows_per_file",
        resource.RLIMIT_FSIZE,
    ),
    errno.EMFILE: _TOO_MANY_FILES,
    errno.ENFILE: _Refusal(
        "too_many_open_files", _TOO_MANY_FILES.expected, "raise fs.file-max of this machine, or let less work on it"
    ),
    errno.EACCES: _PERMISSION,
    errno.EPERM: _PERMISSION,
    errno.EIO: _Refusal(
        "io_error", "a device that works", "look at the system's log and check the disk of {place}, then run again"
    ),
    errno.EEXIST: _Refusal("in_the_way", "a free name", "remove what lies in the way at {place}"),
    errno.ENOTDIR: _Refusal("not_a_folder", "a folder", "remove the file that lies in the way at {place}"),
    errno.EISDIR: _Refusal("is_a_folder", "a file", "remove the folder that lies in the way at {place}"),
    errno.ENAMETOOLONG: _Refusal("name_too_long", "a path that the file system takes", "choose shorter names: {place}"),
    errno.ENOMEM: _OUT_OF_MEMORY,
    errno.EAGAIN: _PROCESSES,
    errno.ENOENT: _GONE,
    errno.ESTALE: _GONE,
}
_TELLING = frozenset(
    {
        errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EMFILE, errno.ENFILE, errno.EIO, errno.ENOMEM,
        errno.EAGAIN,
    }
)  # fmt: skip
"""What says nothing about the data: it outranks what a library, or our own code, took it for."""

_UNREADABLE = frozenset(errno.errorcode[number] for number in {*_TELLING, errno.EACCES, errno.EPERM})
_TEXTS: tuple[tuple[re.Pattern[str], int], ...] = tuple(
    (re.compile(text, re.IGNORECASE), number)
    for number, text in (
        (errno.ENOSPC, "no space left on device|database or disk is full|max_temp_directory_size|failed to offload"),
        (errno.EDQUOT, "disk quota exceeded"),
        (errno.EROFS, "read-only file ?system|readonly database"),
        (errno.EFBIG, "file too large"),
        (errno.ENFILE, "too many open files in system"),
        (errno.EMFILE, "too many open files"),
        (errno.EACCES, "permission denied"),
        (errno.EPERM, "operation not permitted"),
        (errno.EIO, "input/output error|disk i/o error"),
        (errno.ENAMETOOLONG, "file name too long"),
        (errno.ENOMEM, "(can ?not|could not|failed to|unable to) (allocate|map segment)|out of memory|bad_alloc"),
        (errno.ENOMEM, "malloc of size .* failed"),
        (errno.EAGAIN, "can't start new thread|resource temporarily unavailable|thread creation failed"),
    )
)
_CLOTHES = frozenset(
    {"ArrowException", "ImportError", "IOException", "InternalException", "OperationalError", "OSError"}
    | {"FatalException", "OutOfMemoryException", "RuntimeError", "GreatExpectationsError", "EngineError"}
)
"""Kinds of errors that may have the system's words for a text; others may quote data."""
_PATH = re.compile(r"""["'](/[^"'\n]+)["']""")
_MOST = 300


@contextmanager
def naming_refusals(stage: str, *, place: str = "", note: Callable[[], str] | None = None) -> Iterator[None]:
    """Turn the operating system's refusals in the block into errors that say what was refused, where, and what helps.

    Args:
        stage: What is being done, such as `ingest`.
        place: Where, if the refusal does not say so itself.
        note: Says what holds all the same, such as `nothing was published`.

    Raises:
        PublishError: The system refuses in stage `persist`.
        MachineError: It refuses in another one.
    """
    try:
        yield
    except Exception as error:
        named = refusal_behind(error, stage=stage, place=place, note=note)
        if named is None:
            raise
        raise named from error


def names_refusals(stage: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a function a stage, whose refusals are named, whoever calls it."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def named(*arguments: P.args, **options: P.kwargs) -> R:
            with naming_refusals(stage):
                return function(*arguments, **options)

        return named

    return decorate


def unreadable_for_the_system(error: Exception, *, place: str) -> CounterpoiseError | None:
    """Return the error that names why the system does not let a file be read that is there; None for other reasons.

    Args:
        error: What was raised by reading.
        place: The file.
    """
    named = refusal_behind(error, stage="read", place=place)
    return named if named is not None and named.values["errno"] in _UNREADABLE else None


def refusal_behind(
    error: Exception, *, stage: str, place: str = "", note: Callable[[], str] | None = None
) -> CounterpoiseError | None:
    """Return the error that names the system's refusal behind another one; None where there is none.

    Args:
        error: What was raised.
        stage: What was being done.
        place: Where, if the refusal does not say so itself.
        note: Says what holds all the same.
    """
    if isinstance(error, MachineError) or (isinstance(error, CounterpoiseError) and "errno" in error.values):
        return None  # it has a name
    found = _find(error, only=_TELLING if isinstance(error, CounterpoiseError) else None)
    if found is None:
        return None
    number, said, path = found
    return _named(number, said, path or place, stage=stage, note=f"; {note()}" if note is not None else "")


def _find(error: BaseException, *, only: frozenset[int] | None) -> tuple[int, str, str] | None:
    """Return number, words and path of the first refusal in a chain of errors."""
    chain = list(_chain(error))
    if not all(isinstance(one, Exception | BaseExceptionGroup | GeneratorExit) for one in chain):
        return None  # an interruption
    for one in chain:
        found = _looked_at(one)
        if found is not None and (only is None or found[0] in only):
            return found
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it was raised from, or while handling what; each once."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop(0)
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [one.__cause__, one.__context__]
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions


def _looked_at(error: BaseException) -> tuple[int, str, str] | None:
    if isinstance(error, MemoryError):
        return errno.ENOMEM, str(error) or "out of memory", ""
    if isinstance(error, OSError) and error.errno is not None:
        named = isinstance(error.filename, str | bytes)
        return error.errno, error.strerror or str(error), os.fsdecode(error.filename) if named else ""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    text = error.found if isinstance(error, EngineError) else str(error)
    if not kinds & _CLOTHES or (isinstance(error, CounterpoiseError) and not isinstance(error, EngineError)):
        return None
    number = next((number for pattern, number in _TEXTS if pattern.search(text)), None)
    if number is None:
        return None
    path = _PATH.search(text)
    return number, " ".join(text.split())[:_MOST], path[1] if path else ""


def _named(number: int, said: str, path: str, *, stage: str, note: str) -> CounterpoiseError:
    kind = _KINDS.get(number, _OTHER)
    shown = path or f"output.root or of {_temporary()} (TMPDIR)"
    place = _in_the_way(Path(shown)) if number == errno.ENOTDIR else shown
    remedy = kind.remedy.format(place=place, limit=_limit(kind.limit)) + note
    values = {"stage": stage, "errno": errno.errorcode.get(number, str(number)), "path": path}
    error = PublishError if stage == PublishError.stage else MachineError
    return error(
        kind.reason,
        expected=kind.expected,
        found=said + (f": {path}" if path and path not in said else ""),
        remedy=remedy,
        values=values,
    )


def _in_the_way(path: Path) -> Path:
    """Return what is no folder on the way to a path; the path itself where that is not seen."""
    return next((one for one in path.parents if one.exists() and not one.is_dir()), path)


def _temporary() -> str:
    try:
        return tempfile.gettempdir()
    except OSError:  # it cannot be written to
        return "the temporary files"


def _limit(number: int | None) -> str:
    if number is None:
        return ""
    soft, _ = resource.getrlimit(number)
    return "unlimited" if soft == resource.RLIM_INFINITY else f"{soft:,}"
