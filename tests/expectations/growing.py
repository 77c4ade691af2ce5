"""A source that is read, checked and published night after night, without the orchestration."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from counterpoise.config import BalanceConfig
from counterpoise.drift import profile_source
from counterpoise.expectations.suites import configured_suites
from counterpoise.ingest import ingest_source
from counterpoise.persist import publish_version
from counterpoise.records import Validation
from counterpoise.resample import plan_resampling
from counterpoise.split import split_snapshot
from counterpoise.validate import validate_snapshot
from counterpoise.versions import write_profile

FIRST_DAY = pd.Timestamp("2026-01-05")


def day_of(number: int, rows: int = 400, **columns: Any) -> pd.DataFrame:
    """Return the sales of a day: a serial number, features of several kinds, and a label at 15 %."""
    rng = np.random.default_rng(number)
    label = rng.random(rows) < 0.15
    sales = pd.DataFrame(
        {
            "serial": number * 100_000 + np.arange(rows),
            "amount": np.round(rng.lognormal(3, 1, rows) + 20 * label, 2),
            "age": rng.integers(18, 80, rows),
            "score": np.round(rng.normal(size=rows), 3),
            "shop": rng.choice(["north", "south", "east", "west"], rows, p=[0.4, 0.3, 0.2, 0.1]),
            "label": np.where(label, "yes", "no"),
        }
    )
    sales.loc[rng.random(rows) < 0.05, "score"] = np.nan
    return sales.assign(**columns)


@dataclass
class Nights:
    """A dataset and the source that it is published from each night.

    Attributes:
        folder: The working area.
        source: The section of the configuration.
        settings: Other sections.
        validation: The verdict of the last night.
    """

    folder: Path
    source: Mapping[str, Any]
    settings: Mapping[str, Any] = field(default_factory=dict)
    validation: Validation | None = None

    def config(self) -> BalanceConfig:
        return BalanceConfig(
            **{
                "name": "growing",
                "source": dict(self.source),
                "columns": {"target": "label", "ids": ["serial"]},
                "resampling": {"strategy": "none"},
                "output": {"root": str(self.folder / "datasets")},
                "evaluation": {"enabled": False},
                **self.settings,
            }
        )

    def publish(self) -> list[str]:
        """Publish the next version and return the warnings."""
        config, work = self.config(), self.folder / "work"
        try:
            snapshot = ingest_source(config.source, target=config.columns.target, folder=work / "ingest")
            suites = configured_suites(config, snapshot)
            validation = validate_snapshot(snapshot, suites, config=config.validation, folder=work / "validate")
            profile = write_profile(profile_source(snapshot, config.columns, config.split), work / "validate")
            self.validation = validation.model_copy(update={"profile_file": profile})
            split = split_snapshot(
                snapshot,
                columns=config.columns,
                config=config.split,
                validation=self.validation,
                seed=0,
                folder=work / "split",
            )
            plan = plan_resampling(
                snapshot, split, columns=config.columns, config=config.resampling, seed=0, folder=work / "plan"
            )
            publish_version(config, snapshot=snapshot, validation=self.validation, split=split, resampling=plan)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        failed = [one for one in validation.outcomes if one.status != "passed"]
        return [f"{', '.join(one.columns)}: {one.observed}" for one in failed if one.severity != "info"]

    def growth(self) -> str:
        """Return what the last night said of how the source has grown; empty where it said nothing."""
        assert self.validation is not None
        told = [one.observed for one in self.validation.outcomes if one.observed.startswith("a growing source")]
        return told[0] if told else ""


class Folder(Nights):
    """A drop folder to which files are added."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.place = folder / "deliveries"
        self.place.mkdir()
        super().__init__(folder, {"path": str(self.place)}, settings)

    def drop(self, name: str, rows: pd.DataFrame) -> None:
        """Write a file of a day."""
        if name.endswith(".parquet"):
            rows.to_parquet(self.place / name, index=False)
        elif name.endswith(".jsonl"):
            rows.to_json(self.place / name, orient="records", lines=True)
        else:
            rows.to_csv(self.place / name, index=False)

    def week(self, days: int = 7, *, kind: str = "csv", rows: int = 400) -> None:
        """Publish a first version from files of several days."""
        for day in range(1, days + 1):
            self.drop(f"day-{day}.{kind}", day_of(day, rows))
        self.publish()
