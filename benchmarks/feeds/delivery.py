"""A good feed published once, and later deliveries held against its configuration and suite."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from counterpoise.config import BalanceConfig, load_config
from counterpoise.drift import profile_source
from counterpoise.errors import CounterpoiseError
from counterpoise.expectations.suites import configured_suites
from counterpoise.flows.first_files import source_settings, write_first_files
from counterpoise.ingest import ingest_source
from counterpoise.persist import publish_version
from counterpoise.records import ExpectationOutcome, Snapshot, Validation
from counterpoise.resample import plan_resampling
from counterpoise.split import split_snapshot
from counterpoise.validate import validate_snapshot
from counterpoise.versions import write_profile

from .causes import Alarm
from .tables import Feed, written

__all__ = ["Dataset", "Reaction", "deliver", "publish", "publish_next"]


@dataclass(frozen=True)
class Reaction:
    """What a delivery met with.

    Attributes:
        status: Whether the run stopped, went on with warnings, or went on as if nothing were.
        alarms: What stopped it, or else the warnings.
        message: The error's text; empty where none was raised.
    """

    status: Literal["stopped", "warned", "passed"]
    alarms: tuple[Alarm, ...] = ()
    message: str = ""


@dataclass(frozen=True)
class Dataset:
    """A feed whose first delivery is published as version 1.

    Attributes:
        feed: The good feed.
        config: As proposed for it.
        folder: The working area.
        usual: What warns at the good feed already, and therefore says nothing about a broken one.
    """

    feed: Feed
    config: BalanceConfig
    folder: Path
    usual: frozenset[tuple[str, tuple[str, ...]]] = frozenset()

    @property
    def names(self) -> list[str]:
        """The columns of the good feed."""
        return list(self.feed.rows.columns)


def publish(feed: Feed, *, name: str, folder: Path) -> Dataset:
    """Propose configuration and suite as `counterpoise init` does and publish version 1.

    Raises:
        CounterpoiseError: The feed is refused as it is.
    """
    place = folder / "delivery.csv"
    place.write_bytes(written(feed.rows))
    config_file = write_first_files(source_settings(str(place)), target=feed.target, name=name, out=folder).settings
    config = load_config(
        config_file, ["resampling.strategy=none", "evaluation.enabled=false", f"output.root={folder / 'datasets'}"]
    )
    dataset = Dataset(feed.without({*config.columns.key_columns(), *config.columns.drop}), config, folder)
    snapshot, validation = _check(config, folder / "first")
    _publish(config, snapshot, validation, folder / "first")
    again = deliver(dataset, written(feed.rows))
    return replace(dataset, usual=frozenset((alarm.kind, alarm.columns) for alarm in again.alarms))


def publish_next(dataset: Dataset) -> tuple[Alarm, ...]:
    """Publish the source as it is now as the next version and return the warnings.

    Raises:
        CounterpoiseError: It is refused.
    """
    folder = dataset.folder / "next"
    try:
        snapshot, validation = _check(dataset.config, folder)
        _publish(dataset.config, snapshot, validation, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return _alarms(validation.outcomes)


def deliver(dataset: Dataset, content: bytes, *, place: Path | None = None) -> Reaction:
    """Return what the next delivery meets with; nothing is published.

    Args:
        dataset: What was published before.
        content: The file that is delivered.
        place: Where to; in the place of the last one by default.
    """
    (place or Path(dataset.config.source.path)).write_bytes(content)
    folder = dataset.folder / "next"
    try:
        _, validation = _check(dataset.config, folder)
    except CounterpoiseError as error:
        return Reaction("stopped", _alarms_of(error), str(error))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    alarms = tuple(alarm for alarm in _alarms(validation.outcomes) if (alarm.kind, alarm.columns) not in dataset.usual)
    return Reaction("warned" if alarms else "passed", alarms)


def _check(config: BalanceConfig, folder: Path) -> tuple[Snapshot, Validation]:
    snapshot = ingest_source(config.source, target=config.columns.target, folder=folder / "ingest")
    suites = configured_suites(config, snapshot)
    return snapshot, validate_snapshot(snapshot, suites, config=config.validation, folder=folder / "validate")


def _publish(config: BalanceConfig, snapshot: Snapshot, validation: Validation, folder: Path) -> None:
    profile = write_profile(profile_source(snapshot, config.columns, config.split), folder / "validate")
    validation = validation.model_copy(update={"profile_file": profile})
    split = split_snapshot(
        snapshot,
        columns=config.columns,
        config=config.split,
        validation=validation,
        seed=config.seed,
        folder=folder / "split",
    )
    plan = plan_resampling(
        snapshot,
        split,
        columns=config.columns,
        config=config.resampling,
        seed=config.seed,
        folder=folder / "resample",
    )
    publish_version(config, snapshot=snapshot, validation=validation, split=split, resampling=plan)


def _alarms(outcomes: Iterable[ExpectationOutcome]) -> tuple[Alarm, ...]:
    return tuple(
        Alarm(_kind(one.expectation), one.columns, one.observed, one.source)
        for one in outcomes
        if one.status != "passed" and one.severity in ("warning", "critical")
    )


def _alarms_of(error: CounterpoiseError) -> tuple[Alarm, ...]:
    """Return what the error says has failed or warned, or else the error itself, about what it says was missing."""
    if failed := [*error.values.get("failed", []), *error.values.get("warned", [])]:
        return tuple(Alarm(_kind(one["expectation"]), tuple(one["columns"]), one["observed"]) for one in failed)
    missing: Any = error.values.get("missing", [])
    return (Alarm(error.reason, tuple(map(str, missing)), f"{error.expected} {error.found}", error.stage),)


def _kind(described: str) -> str:
    """Return an expectation's name without what is said about its arguments."""
    return described.split(maxsplit=1)[0].split("(", maxsplit=1)[0]
