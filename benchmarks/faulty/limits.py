"""Machines that refuse: full and read-only disks, limits on files, memory and rights, at every stage.

Each stage runs in a child that is forked from a process with everything imported, on what the stages before it have
made while all was well. Nothing may end without a name, and what was published must verify afterwards.
"""

from __future__ import annotations

import importlib
import os
import pickle
import pkgutil
import resource
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

from benchmarks.faulty.jobs import (
    config_of,
    forked,
    keep_temporary_files_in,
    kill,
    load_libraries,
    write_source,
    wrong_versions,
)
from counterpoise.errors import CounterpoiseError

__all__ = ["DISKS", "FAULTS", "STAGES", "Trial", "prepare", "try_stage"]

ROOT = Path(__file__).resolve().parents[2]

State = dict[str, Any]
NOBODY = 65534
_SECONDS = 120
NAMED = frozenset(
    {"no_space", "read_only", "file_too_large", "too_many_open_files", "permission_denied", "out_of_memory"}
    | {"too_many_processes", "io_error"}
)


@dataclass(frozen=True)
class Trial:
    """What became of a stage under a fault.

    Attributes:
        stage: The stage.
        fault: The fault.
        ended: `done`, a reason, `unnamed: …` or `signal N`.
        wrong: What did not verify afterwards.
    """

    stage: str
    fault: str
    ended: str
    wrong: tuple[str, ...] = ()

    @property
    def bad(self) -> bool:
        """Whether the error has no name, or a version was hurt."""
        return bool(self.wrong) or not (self.ended == "done" or self.ended in NAMED)


def _ingest(state: State, area: Path) -> Any:
    from counterpoise.tasks.ingest import ingest

    return ingest.fn(state["config"], folder=area)


def _validate(state: State, area: Path) -> Any:
    from counterpoise.tasks.validate import validate

    return validate.fn(state["config"], state["ingest"], folder=area)


def _split(state: State, area: Path) -> Any:
    from counterpoise.tasks.split import split

    return split.fn(state["config"], state["ingest"], state["validate"], folder=area)


def _resample(state: State, area: Path) -> Any:
    from counterpoise.tasks.resample import resample

    return resample.fn(state["config"], state["ingest"], state["split"], folder=area)


def _records(state: State) -> State:
    return {"snapshot": state["ingest"], "validation": state["validate"], "split": state["split"],
            "resampling": state["resample"]}  # fmt: skip


def _persist(state: State, _: Path) -> Any:
    from counterpoise.tasks.persist import persist

    return persist.fn(state["config"], **_records(state))


def _evaluate(state: State, _: Path) -> Any:
    """Evaluate and report."""
    from counterpoise.tasks.evaluate import evaluate

    return evaluate.fn(state["config"], **_records(state), version=state["persist"])


def _promote(state: State, _: Path) -> Any:
    from counterpoise.versions import promote_by_hand

    return promote_by_hand(state["persist"])


def _put_away(state: State, _: Path) -> Any:
    from counterpoise.versions import remove_train_if_recipe

    return remove_train_if_recipe(state["persist"])


def _address(state: State) -> str:
    return f"{state['persist'].root}/{state['persist'].dataset}@{state['persist'].version}"


def _rebuild(state: State, _: Path) -> Any:
    from counterpoise.versions import rebuild_version

    return rebuild_version(_address(state), source=state["config"].source.path)


def _verify(state: State, _: Path) -> Any:
    from counterpoise.verify._version import verify_version

    return verify_version(state["persist"].root, state["persist"].dataset, state["persist"].version)


def _show(state: State, _: Path) -> Any:
    from counterpoise.evaluate import find_evaluation
    from counterpoise.versions import open_version

    version = open_version(_address(state))
    return find_evaluation(version.record), version.promotion, version.to_pandas("test").shape


def _versions(state: State, _: Path) -> Any:
    from counterpoise.versions import list_versions

    return list_versions(state["persist"].root, state["persist"].dataset)


def _sample(_: State, area: Path) -> Any:
    from counterpoise.suggest import write_sample

    return write_sample("fraud", rows=2_000, out=area / "sample.csv")


def _init(state: State, area: Path) -> Any:
    from counterpoise.flows.first_files import source_settings, write_first_files

    settings = source_settings(str(state["config"].source.path))
    files = write_first_files(settings, target="label", name="first", out=area, force=True)
    return [files.settings, files.suite]


def _monitor(state: State, _: Path) -> Any:
    from counterpoise.tasks.monitor import inspect

    return inspect.fn(state["config"], state["ingest"])


def _compare(state: State, area: Path) -> Any:
    from counterpoise.compare import processes_for
    from counterpoise.tasks.compare import comparison_folder, prepare

    with processes_for(str(comparison_folder(area))):
        return prepare.fn(state["config"], state["ingest"], state["split"], folder=area)


Stage = Callable[[State, Path], Any]
FLOW: dict[str, Stage] = {
    "ingest": _ingest,
    "validate": _validate,
    "split": _split,
    "resample": _resample,
    "persist": _persist,
    "evaluate": _evaluate,
    "promote": _promote,
}
STAGES: dict[str, Stage] = FLOW | {
    "put away": _put_away,
    "rebuild": _rebuild,
    "verify": _verify,
    "show": _show,
    "versions": _versions,
    "sample": _sample,
    "init": _init,
    "monitor": _monitor,
    "compare": _compare,
}


def prepare(disk: Path, kept: Path) -> None:
    """Run all stages, and keep what the disk holds before each.

    Args:
        disk: The folder that everything lies in; a disk of its own where disks are to be filled.
        kept: Where copies of it are kept.
    """
    _load_libraries()
    write_source(disk)

    def go_through() -> None:
        keep_temporary_files_in(disk)
        state: State = {"config": config_of(disk)}
        (disk / "area").mkdir()
        for name, stage in STAGES.items():
            (disk / "state").write_bytes(pickle.dumps(state))
            shutil.copytree(disk, kept / name)
            made = stage(state, disk / "area")
            state |= {name: made} if name in FLOW else {}

    _, status = os.waitpid(forked(go_through), 0)
    if status:
        raise RuntimeError(f"the stages ended with {status} while all was well")


def _load_libraries() -> None:
    """Import what stages import late: only a child of this process is refused anything."""
    load_libraries()
    for name in ("great_expectations", "sklearn.linear_model", "matplotlib.figure", "skrub", "scipy.stats"):
        importlib.import_module(name)
    for module in pkgutil.walk_packages([str(ROOT / "counterpoise")], "counterpoise."):
        if not module.name.endswith(("worker_template", "__main__")):
            importlib.import_module(module.name)


def _put_back(disk: Path, kept: Path) -> None:
    """Let the disk hold what it held."""
    for path in disk.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.copytree(kept, disk, dirs_exist_ok=True)


def _limit(kind: int, value: int) -> None:
    resource.setrlimit(kind, (value, resource.getrlimit(kind)[1]))


def _files(_: Path, more: int) -> None:
    """Let so many more files be opened, once all that are free below the highest open one are taken."""
    highest = max(int(path.name) for path in Path("/proc/self/fd").iterdir())
    while (last := os.open(os.devnull, os.O_RDONLY)) < highest:
        pass
    os.close(last)
    _limit(resource.RLIMIT_NOFILE, last + more)


def _memory(_: Path, more: int) -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    _limit(resource.RLIMIT_AS, pages * resource.getpagesize() + more)


def _no_rights(place: Path) -> None:
    for path in [place, *place.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o600)
    os.seteuid(NOBODY)


def _no_threads(place: Path) -> None:
    place.parent.chmod(0o711)
    for path in [place, *place.rglob("*")]:
        path.chmod(0o777)
    _limit(resource.RLIMIT_NPROC, 0)
    os.setuid(NOBODY)


def _fill(place: Path, free: int) -> None:
    """Fill the disk but for some bytes."""
    left = os.statvfs(place)
    with (place / "filler").open("wb") as file:
        file.write(b"\0" * max(left.f_bavail * left.f_frsize - free, 0))


DISKS = frozenset({"disk full, 0 KiB free", "disk full, 8 KiB free", "disk full, 64 KiB free", "read-only"})
"""Faults of a disk, for which the disk must be one of its own."""


def _mount_again(place: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(place)], check=True)


def _small_files(_: Path, size: int) -> None:
    _limit(resource.RLIMIT_FSIZE, size)


FAULTS: dict[str, Callable[[Path], None]] = {
    **{f"disk full, {free >> 10} KiB free": partial(_fill, free=free) for free in (0, 8192, 65536)},
    "read-only": partial(_mount_again, how="ro"),
    **{f"files of {size} bytes": partial(_small_files, size=size) for size in (0, 100, 4096)},
    **{f"{more} more files": partial(_files, more=more) for more in (0, 1, 2, 4)},
    **{f"{more >> 20} MiB more memory": partial(_memory, more=more) for more in (0, 4 << 20)},
    "no rights": _no_rights,
    "no threads": _no_threads,
}


def try_stage(disk: Path, kept: Path, *, stage: str, fault: str) -> Trial:
    """Run a stage under a fault, then, all well again, verify what was published, and run it again.

    Args:
        disk: The folder that everything lies in.
        kept: What it held before each stage.
        stage: The stage's name.
        fault: The fault's name.
    """
    _put_back(disk, kept / stage)
    status, said = _answer(disk, lambda answer: _disturbed(disk, stage, FAULTS[fault], answer))
    if fault in DISKS:
        _mount_again(disk, "rw")
        (disk / "filler").unlink(missing_ok=True)
    ended = said or (f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else f"exit {status}")
    _, said = _answer(disk, lambda answer: _afterwards(disk, stage, answer))
    return Trial(stage, fault, ended, () if said == "well" else tuple(said.splitlines() or ["no answer"]))


def _answer(disk: Path, work: Callable[[IO[str]], None]) -> tuple[int, str]:
    """Do something in a process of its own, and return how that ended and what it said."""
    said = disk.with_name("said")
    with said.open("w") as answer:
        process, ends = forked(lambda: work(answer)), time.monotonic() + _SECONDS
        while not (done := os.waitpid(process, os.WNOHANG))[0]:
            if time.monotonic() > ends:
                kill(process)
                os.waitpid(process, 0)
                return 0, f"unnamed: no end within {_SECONDS} s"
            time.sleep(0.01)
    return done[1], said.read_text()


def _disturbed(disk: Path, stage: str, fault: Callable[[Path], None], answer: IO[str]) -> None:
    keep_temporary_files_in(disk)
    state = pickle.loads((disk / "state").read_bytes())  # noqa: S301  # our own
    fault(disk)
    try:
        STAGES[stage](state, disk / "area")
        ended = "done"
    except CounterpoiseError as error:
        ended = error.reason if error.reason in NAMED else f"unnamed: {error}"
    except BaseException as error:  # noqa: BLE001  # whatever it is, it has no name
        ended = f"unnamed: {type(error).__name__}: {error}"
    _limit(resource.RLIMIT_FSIZE, resource.getrlimit(resource.RLIMIT_FSIZE)[1])
    answer.write(ended.replace("\n", " "))
    answer.flush()


def _afterwards(disk: Path, stage: str, answer: IO[str]) -> None:
    """Say what does not verify now, and after the stage has run again."""
    keep_temporary_files_in(disk)
    wrong = wrong_versions(disk)
    STAGES[stage](pickle.loads((disk / "state").read_bytes()), disk / "area")  # noqa: S301  # our own
    answer.write("\n".join(wrong + wrong_versions(disk)) or "well")
    answer.flush()
