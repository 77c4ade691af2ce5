"""Explain the operating system's refusals: a full disk, too many open files, missing permissions.

They arrive as `OSError`s or wrapped by libraries: DuckDB, Arrow, SQLite and Great Expectations raise their own errors
with the system's message in the text. Either way, a stage ends with one error that names the refusal, the place and a
suitable remedy.
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

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class _Refusal:
    """A kind of refusal.

    Attributes:
        reason: The error's reason.
        expected: What should have been possible.
        remedy: How to fix it; `{place}` and `{limit}` are filled in.
        limit: The process limit that may cause it.
    """

    reason: str
    expected: str
    remedy: str
    limit: int | None = None


_NO_SPACE = _Refusal("no_space", "enough disk space", "free space on the file system of {place}, then run again")
_OUT_OF_MEMORY = _Refusal(
    "out_of_memory",
    "memory for the work",
    "free memory, raise the limit of the process or container (ulimit -v is {limit}), or process less at a time",
    resource.RLIMIT_AS,
)
_TOO_MANY_FILES = _Refusal(
    "too_many_open_files",
    "to open one more file",
    "raise the limit of open files (ulimit -n is {limit}), or run fewer flows at a time",
    resource.RLIMIT_NOFILE,
)
_PERMISSION = _Refusal(
    "permission_denied",
    "permission to do so",
    f"give user {os.getuid()}, which runs this, permissions on {{place}}, or choose another place",
)
_PROCESSES = _Refusal(
    "too_many_processes",
    "to start one more thread or process",
    "raise the limit of processes (ulimit -u is {limit}; pids of a container), or run fewer flows at a time",
    resource.RLIMIT_NPROC,
)
_OTHER = _Refusal(
    "system_refused", "the operating system to allow it", "fix what the message says about {place}, then run again"
)
_GONE = _Refusal(
    "file_missing", "an existing file or folder", "find out why {place} is missing; something may have removed it"
)
_KINDS: dict[int, _Refusal] = {
    errno.ENOSPC: _NO_SPACE,
    errno.EDQUOT: _Refusal(
        "quota_exceeded", _NO_SPACE.expected, "free some of the quota on {place}, or have it raised"
    ),
    errno.EROFS: _Refusal(
        "read_only", "a writable place", "mount the file system of {place} for writing, or choose another"
    ),
    errno.EFBIG: _Refusal(
        "file_too_large",
        "files of this size",
        "raise the limit of file sizes (ulimit -f is {limit}), or lower output.rows_per_file",
        resource.RLIMIT_FSIZE,
    ),
    errno.EMFILE: _TOO_MANY_FILES,
    errno.ENFILE: _Refusal(
        "too_many_open_files", _TOO_MANY_FILES.expected, "raise fs.file-max of this machine, or run less on it"
    ),
    errno.EACCES: _PERMISSION,
    errno.EPERM: _PERMISSION,
    errno.EIO: _Refusal(
        "io_error", "a working device", "check the disk of {place} and the system's log, then run again"
    ),
    errno.EEXIST: _Refusal("in_the_way", "a free name", "remove what is in the way at {place}"),
    errno.ENOTDIR: _Refusal("not_a_folder", "a folder", "remove the file that is in the way at {place}"),
    errno.EISDIR: _Refusal("is_a_folder", "a file", "remove the folder that is in the way at {place}"),
    errno.ENAMETOOLONG: _Refusal("name_too_long", "a path that the system accepts", "choose shorter names: {place}"),
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
"""Refusals unrelated to the data: they take precedence over the error of the library or of our own code."""

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
"""Error types whose text may contain the system's message; other types may quote data."""
_PATH = re.compile(r"""["'](/[^"'\n]+)["']""")
_MOST = 300


@contextmanager
def naming_refusals(stage: str, *, place: str = "", note: Callable[[], str] | None = None) -> Iterator[None]:
    """Turn the operating system's refusals in the block into errors that say what was refused, where, and the fix.

    Args:
        stage: The current work, such as `ingest`.
        place: The place, if the refusal does not name one.
        note: Returns what still holds, such as `nothing was published`.

    Raises:
        PublishError: The system refused in stage `persist`.
        MachineError: The system refused in another stage.
    """
    try:
        yield
    except Exception as error:
        named = refusal_behind(error, stage=stage, place=place, note=note)
        if named is None:
            raise
        raise named from error


def names_refusals(stage: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Turn a function into a stage that explains refusals for every caller."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def named(*arguments: P.args, **options: P.kwargs) -> R:
            with naming_refusals(stage):
                return function(*arguments, **options)

        return named

    return decorate


def unreadable_for_the_system(error: Exception, *, place: str) -> CounterpoiseError | None:
    """Return the error that explains why the system refuses to read an existing file; None for other reasons.

    Args:
        error: The error raised while reading.
        place: The file.
    """
    named = refusal_behind(error, stage="read", place=place)
    return named if named is not None and named.values["errno"] in _UNREADABLE else None


def refusal_behind(
    error: Exception, *, stage: str, place: str = "", note: Callable[[], str] | None = None
) -> CounterpoiseError | None:
    """Return the error that explains the system's refusal behind another error; None if there is none.

    Args:
        error: The error raised.
        stage: The current work.
        place: The place, if the refusal does not name one.
        note: Returns what still holds.
    """
    if isinstance(error, MachineError) or (isinstance(error, CounterpoiseError) and "errno" in error.values):
        return None  # it is already explained
    found = _find(error, only=_TELLING if isinstance(error, CounterpoiseError) else None)
    if found is None:
        return None
    number, message, path = found
    return _explained(number, message, path or place, stage=stage, note=f"; {note()}" if note is not None else "")


def _find(error: BaseException, *, only: frozenset[int] | None) -> tuple[int, str, str] | None:
    """Return number, message and path of the first refusal in a chain of errors."""
    chain = list(_chain(error))
    if not all(isinstance(one, Exception | BaseExceptionGroup | GeneratorExit) for one in chain):
        return None  # an interruption
    for one in chain:
        found = _refusal_of(one)
        if found is not None and (only is None or found[0] in only):
            return found
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and its causes and contexts, each once."""
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


def _refusal_of(error: BaseException) -> tuple[int, str, str] | None:
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


def _explained(number: int, message: str, path: str, *, stage: str, note: str) -> CounterpoiseError:
    kind = _KINDS.get(number, _OTHER)
    shown = path or f"output.root or of {_temporary()} (TMPDIR)"
    place = _in_the_way(Path(shown)) if number == errno.ENOTDIR else shown
    remedy = kind.remedy.format(place=place, limit=_limit(kind.limit)) + note
    values = {"stage": stage, "errno": errno.errorcode.get(number, str(number)), "path": path}
    error = PublishError if stage == PublishError.stage else MachineError
    return error(
        kind.reason,
        expected=kind.expected,
        found=message + (f": {path}" if path and path not in message else ""),
        remedy=remedy,
        values=values,
    )


def _in_the_way(path: Path) -> Path:
    """Return the first parent of a path that is not a folder; the path itself if none is found."""
    return next((one for one in path.parents if one.exists() and not one.is_dir()), path)


def _temporary() -> str:
    try:
        return tempfile.gettempdir()
    except OSError:  # there is no writable folder
        return "the temporary files"


def _limit(number: int | None) -> str:
    if number is None:
        return ""
    soft, _ = resource.getrlimit(number)
    return "unlimited" if soft == resource.RLIM_INFINITY else f"{soft:,}"
