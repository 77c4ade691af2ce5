"""SIGKILL at the n-th call of the operating system, or at a random moment, while a reader verifies all the time."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.faulty.jobs import JOBS, forked, kill, leftovers, put_away, rebuild, run, write_source, wrong_versions

__all__ = ["Tally", "change_often", "kill_at_points", "make_templates"]

_TOUCHING = ("open", "os.", "shutil.", "fcntl.")


@dataclass
class Tally:
    """What a campaign has found.

    Attributes:
        kills: Processes that were killed before they were done.
        checks: Looks of the reader at all versions.
        alarms: What the reader took for damage.
        broken: What did not verify after a kill, or after the next run.
        left: What was left behind after the next run.
    """

    kills: int = 0
    checks: int = 0
    alarms: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    @property
    def bad(self) -> list[str]:
        """All that must not be."""
        return [*self.alarms, *self.broken, *self.left]


def make_templates(place: Path) -> dict[str, Path]:
    """Make a dataset of one version for each job to begin with: stored as a recipe, or not yet put away."""
    recipe, rows = place / "recipe", place / "rows"
    recipe.mkdir(parents=True)
    write_source(recipe)
    _ended(forked(lambda: run(recipe, seed=0)))
    shutil.copytree(recipe, rows)
    _ended(forked(lambda: rebuild(rows)))
    return {"run": recipe, "rebuild": recipe, "put away": rows}


def kill_at_points(job: str, template: Path, *, points: int, place: Path, seed: int = 0) -> Tally:
    """Kill a job at points spread over it, two in three at a call of the system, the others at a random moment.

    Args:
        job: Its name.
        template: The dataset to begin with.
        points: How many times.
        place: A folder to work in.
        seed: Of the random moments and points.
    """
    rng, tally = random.Random(seed), Tally()  # noqa: S311  # no secret
    calls, seconds = _measure(job, template, place)
    for number in range(points):
        folder = place / f"{job.replace(' ', '-')}-{number}"
        shutil.copytree(template, folder)
        at = 1 + int((number + rng.random()) / points * (calls - 2))
        after = rng.uniform(0, seconds) if number % 3 == 2 else None
        _one(job, folder, tally, at=at, after=after)
        shutil.rmtree(folder)
    return tally


def change_often(template: Path, *, changes: int, place: Path, readers: int = 2) -> Tally:
    """Let readers verify while train rows are put away and rebuilt over and over."""
    folder, tally = place / "changing", Tally()
    shutil.copytree(template, folder)
    watching = [_Reader(folder, f"reader-{number}") for number in range(readers)]

    def change() -> None:
        for number in range(changes):
            (rebuild if number % 2 == 0 else put_away)(folder)

    _ended(forked(change))
    for reader in watching:
        reader.end(tally)
    tally.left += _said(folder, lambda: leftovers(folder))
    shutil.rmtree(folder)
    return tally


def _one(job: str, folder: Path, tally: Tally, *, at: int, after: float | None) -> None:
    reader = _Reader(folder, "reader")
    victim = forked(lambda: _until(folder, job, at if after is None else 0))
    if after is not None:
        time.sleep(after)
        kill(victim)
    _, status = os.waitpid(victim, 0)
    tally.kills += os.WIFSIGNALED(status)
    reader.end(tally)
    point = f"{job} at {at if after is None else f'{after:.3f} s'}"
    tally.broken += [f"{point}: {line}" for line in _said(folder, lambda: wrong_versions(folder))]
    tally.broken += [f"{point}, again: {line}" for line in _said(folder, lambda: _again(folder, job))]
    tally.left += [f"{point}: {line}" for line in _said(folder, lambda: leftovers(folder))]


def _again(folder: Path, job: str) -> list[str]:
    """Do the job again, and a run that finds all published, and return what does not verify."""
    JOBS[job](folder)
    run(folder, seed=0)
    return wrong_versions(folder)


def _until(folder: Path, job: str, call: int) -> None:
    """Do a job until it makes a certain call of the system; 0 lets it end."""
    calls = 0

    def count(event: str, _: tuple[object, ...]) -> None:
        nonlocal calls
        if event.startswith(_TOUCHING):
            calls += 1
            if calls == call:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    JOBS[job](folder)
    if not call:
        (folder.parent / "calls").write_text(str(calls))


def _measure(job: str, template: Path, place: Path) -> tuple[int, float]:
    """Return how many calls a job makes, and how long it takes."""
    folder = place / "measured"
    shutil.copytree(template, folder)
    started = time.perf_counter()
    _ended(forked(lambda: _until(folder, job, 0)))
    seconds = time.perf_counter() - started
    shutil.rmtree(folder)
    return int((place / "calls").read_text()), seconds


class _Reader:
    """A process that looks at all versions until it is told to end, once more after that."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name
        self._process = forked(self._watch)

    def _watch(self) -> None:
        checks, alarms, last = 0, list[str](), False
        while not last:
            last = self._file("stop").exists()
            try:
                alarms += wrong_versions(self._folder)
            except Exception as error:  # noqa: BLE001  # an error is an alarm, too
                alarms.append(f"{type(error).__name__}: {error}")
            checks += 1
        self._file("said").write_text("\n".join([str(checks), *alarms]))

    def _file(self, what: str) -> Path:
        return self._folder.with_name(f"{self._folder.name}-{self._name}-{what}")

    def end(self, tally: Tally) -> None:
        self._file("stop").touch()
        _ended(self._process)
        checks, *alarms = self._file("said").read_text().splitlines()
        tally.checks += int(checks)
        tally.alarms += alarms
        for what in ("stop", "said"):
            self._file(what).unlink()


def _said(folder: Path, look: Callable[[], list[str]]) -> list[str]:
    """Return what a look in a process of its own finds; its failure is a finding."""
    file = folder.with_name("found")
    file.unlink(missing_ok=True)
    _, status = os.waitpid(forked(lambda: file.write_text("\n".join(look()))), 0)
    return file.read_text().splitlines() if status == 0 else [f"ended with {status}"]


def _ended(process: int) -> None:
    """Wait for a child that must end well."""
    _, status = os.waitpid(process, 0)
    if status:
        raise RuntimeError(f"a process ended with {status}")
