"""The operating system's refusals have a name, a stage, a place and a remedy that fits, whatever they wear."""

from __future__ import annotations

import errno
import os
import pickle
import sqlite3
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from counterpoise.errors import CounterpoiseError, EngineError, IntegrityError, MachineError, PublishError
from counterpoise.runtime._refusals import names_refusals, naming_refusals, refusal_behind

NUMBERS = {
    errno.ENOSPC: ("no_space", "free space"),
    errno.EDQUOT: ("quota_exceeded", "quota"),
    errno.EROFS: ("read_only", "mount"),
    errno.EFBIG: ("file_too_large", "ulimit -f"),
    errno.EMFILE: ("too_many_open_files", "ulimit -n"),
    errno.ENFILE: ("too_many_open_files", "fs.file-max"),
    errno.EACCES: ("permission_denied", "permissions"),
    errno.EPERM: ("permission_denied", "permissions"),
    errno.EIO: ("io_error", "check the disk"),
    errno.ENOTDIR: ("not_a_folder", "in the way"),
    errno.EISDIR: ("is_a_folder", "in the way"),
    errno.ENAMETOOLONG: ("name_too_long", "shorter"),
    errno.ENOMEM: ("out_of_memory", "ulimit -v"),
    errno.EAGAIN: ("too_many_processes", "ulimit -u"),
    errno.ELOOP: ("system_refused", "/data/x"),
}


@pytest.mark.parametrize("number", NUMBERS, ids=errno.errorcode.get)
def test_every_refusal_of_the_system_has_a_name_a_stage_a_place_and_a_remedy(number: int) -> None:
    reason, remedy = NUMBERS[number]
    with pytest.raises(MachineError) as caught, naming_refusals("split"):
        raise OSError(number, os.strerror(number), "/data/x")
    error = caught.value
    assert (error.stage, error.reason, error.exit_code) == ("split", reason, 1)
    assert error.values == {"stage": "split", "errno": errno.errorcode[number], "path": "/data/x"}
    assert remedy in error.remedy
    assert "/data/x" in error.found
    assert ("check the disk" in error.remedy) is (number == errno.EIO)
    assert error.__cause__ is not None, "whether another try may help depends on it"


CLOTHES: list[tuple[Exception, str]] = [
    (OSError("IOError: Error writing bytes to file. Detail: [errno 28] No space left on device"), "no_space"),
    (OSError("Failed to open local file '/data/x'. Detail: [errno 24] Too many open files"), "too_many_open_files"),
    (pa.ArrowException("Cannot open for writing: Permission denied"), "permission_denied"),
    (pa.ArrowMemoryError("malloc of size 123 failed"), "out_of_memory"),
    (MemoryError(), "out_of_memory"),
    (MemoryError("std::bad_alloc"), "out_of_memory"),
    (sqlite3.OperationalError("database or disk is full"), "no_space"),
    (sqlite3.OperationalError("attempt to write a readonly database"), "read_only"),
    (sqlite3.OperationalError("disk I/O error"), "io_error"),
    (RuntimeError("can't start new thread"), "too_many_processes"),
    (BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"), "too_many_processes"),
    (ImportError("libx.so: failed to map segment from shared object"), "out_of_memory"),
    (ImportError("libx.so: cannot open shared object file: Too many open files"), "too_many_open_files"),
    (EngineError("e", expected="an answer", found="[Errno 28] No space left on device", remedy="r"), "no_space"),
]


@pytest.mark.parametrize(("error", "reason"), CLOTHES, ids=[f"{type(one).__name__} {name}" for one, name in CLOTHES])
def test_a_librarys_error_with_the_systems_words_has_the_same_name(error: Exception, reason: str) -> None:
    named = refusal_behind(error, stage="persist")
    assert isinstance(named, PublishError)
    assert named.reason == reason


def duckdb_error(kind: str, text: str) -> Exception:
    import duckdb

    made: Exception = getattr(duckdb, kind)(text)
    return made


@pytest.mark.parametrize(
    ("kind", "text", "reason"),
    [
        ("IOException", 'IO Error: Could not write file "/tmp/x": No space left on device', "no_space"),
        ("IOException", 'IO Error: Cannot open file "/data/x.csv": Too many open files', "too_many_open_files"),
        ("OutOfMemoryException", "Out of Memory Error: could not allocate block of size 256 KiB", "out_of_memory"),
        ("OutOfMemoryException", "Out of Memory Error: failed to offload data block of size 1 MiB", "no_space"),
    ],
)
def test_duckdbs_errors_too(kind: str, text: str, reason: str) -> None:
    named = refusal_behind(duckdb_error(kind, text), stage="ingest", place="/data")
    assert named is not None
    assert named.reason == reason


def test_a_refusal_behind_an_error_of_ours_outranks_what_it_was_taken_for() -> None:
    def read() -> None:
        try:
            raise OSError(errno.EMFILE, "Too many open files", "/data/part.parquet")  # noqa: TRY301
        except OSError:
            raise IntegrityError("unreadable_file", expected="a", found="b", remedy="check the disk") from None

    with pytest.raises(MachineError, match=r"too_many_open_files.*ulimit -n") as caught, naming_refusals("verify"):
        read()
    assert "check the disk" not in str(caught.value)


class Interruption(BaseException):
    """What ends a run that is cancelled."""


UNTOUCHED: list[Exception] = [
    ValueError("No space left on device, says a cell"),
    TimeoutError("the time is up"),
    ZeroDivisionError("ours"),
    duckdb_error("ConversionException", "Could not convert string 'Permission denied' to INT32"),
    EngineError("no_answer", expected="a", found="b", remedy="c"),
]


@pytest.mark.parametrize("error", UNTOUCHED, ids=[type(one).__name__ for one in UNTOUCHED])
def test_what_is_no_refusal_stays_what_it_is(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, naming_refusals("split"):
        raise error
    assert caught.value is error


def test_a_missing_file_that_was_told_of_keeps_its_own_words() -> None:
    missing = IntegrityError("changed_files", expected="a", found="b", remedy="c")
    missing.__cause__ = FileNotFoundError(errno.ENOENT, "No such file", "/data/x")
    assert refusal_behind(missing, stage="verify") is None


def test_an_interruption_in_the_chain_is_no_refusal() -> None:
    error = RuntimeError("can't start new thread")
    error.__cause__ = Interruption()
    assert refusal_behind(error, stage="split") is None


def test_the_inner_stage_names_it_and_an_outer_one_leaves_it() -> None:
    @names_refusals("ingest")
    def inner() -> None:
        raise OSError(errno.EROFS, "Read-only file system", "/data")

    with pytest.raises(MachineError) as caught, naming_refusals("rebuild"):
        inner()
    assert caught.value.stage == "ingest"


def test_what_holds_all_the_same_is_asked_for_when_it_is_told() -> None:
    noted = naming_refusals("persist", note=lambda: "nothing was published")
    with pytest.raises(PublishError, match="; nothing was published"), noted:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_named_refusal_survives_the_way_to_another_process() -> None:
    error = refusal_behind(OSError(errno.ENOSPC, "No space left on device", "/data"), stage="split")
    again: CounterpoiseError = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own
    assert (type(again), again.stage, str(again)) == (MachineError, "split", str(error))


def test_the_command_names_what_reaches_it(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    from counterpoise.flows.command_line import run_command

    (tmp_path / "file").touch()
    code = run_command(["sample", "toy", "--out", str(tmp_path / "file" / "table.csv")])
    told: Any = capfd.readouterr()
    assert code == 1
    assert "not_a_folder" in told.err or "in_the_way" in told.err
    assert f"is in the way at {tmp_path / 'file'}\n" in told.err or f"in the way at {tmp_path / 'file'}." in told.err
    assert "failure of Counterpoise" not in told.err
