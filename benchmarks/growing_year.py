"""How often a year of honest nights is refused: a folder that grows by a file a night, for years on end.

    python benchmarks/growing_year.py [--years 3] [--nights 365] [--rows 400] [--days-differ 1.0] [--shops]

Every night has as many rows as its weekday, within 15 %, fewer on eight holidays. Its label rate, the level of its
amounts, its missing values and the shares of its categories differ from those of other days by more than chance,
`--days-differ` times as much as is usual; all of them trend through the year, and a new category appears every month.
With `--shops` the rows of a night come from ten shops, each of them with a level of its own that night: rows are not
independent then.

The verdicts are those of the expectations that a run would ask, on the same counts, but without Great Expectations
around them, which takes most of a night's second.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from counterpoise.versions import Baseline

_WEEK = (1.0, 1.0, 1.05, 1.1, 1.2, 0.5, 0.4)
_HOLIDAYS = frozenset({0, 95, 120, 140, 275, 358, 359, 364})


def main() -> int:
    options = _options()
    refused, warned = 0, 0
    for year in range(options.years):
        with tempfile.TemporaryDirectory(prefix="growing-year-") as folder:
            found = Counter(_year(options, year, Path(folder)))
        stops = {told: nights for (level, told), nights in found.items() if level == "critical"}
        print(
            f"year {year}: {found[('night', 'refused')]} of {options.nights} nights refused, "
            f"{found[('night', 'warned')]} with warnings; {stops}",
            flush=True,
        )
        refused, warned = refused + found[("night", "refused")], warned + found[("night", "warned")]
    nights = options.years * options.nights
    print(f"{refused} of {nights:,} nights refused, {warned} with warnings")
    return 0 if refused <= options.years else 1


def _year(options: argparse.Namespace, year: int, folder: Path) -> Iterator[tuple[str, str]]:
    """Yield what each night met with: how it ended, and each expectation that did not hold."""
    from counterpoise.config import BalanceConfig
    from counterpoise.drift import profile_source
    from counterpoise.expectations.drift_suite import suite_against
    from counterpoise.versions import Baseline

    rng = np.random.default_rng([options.seed, year])
    settings = {"name": "year", "source": {"path": str(folder)}, "columns": {"target": "label"}}
    config = BalanceConfig(**settings)
    files: list[Any] = []
    baseline: Baseline | None = None
    for night in range(options.nights):
        files.append(write_rows(_night(rng, night, options), folder / f"{night:03}.parquet"))
        snapshot = written_snapshot(files)
        failed: list[tuple[str, str]] = []
        if baseline is not None:
            failed = list(failed_expectations(snapshot, suite_against(baseline, config, snapshot).expectations))
        stopped = any(level == "critical" for level, _ in failed)
        yield from sorted(set(failed))
        yield "night", "refused" if stopped else "warned" if failed else "published"
        if stopped:
            files.pop()
        else:
            baseline = Baseline(night + 1, snapshot.digest, profile_source(snapshot, config.columns, config.split))


def _night(rng: np.random.Generator, night: int, options: argparse.Namespace) -> pd.DataFrame:
    spread, weekend = options.days_differ, night % 7 >= 5
    rows = int(options.rows * _WEEK[night % 7] * rng.lognormal(0, 0.15) * (0.35 if night % 365 in _HOLIDAYS else 1))
    shop = rng.integers(0, 10, rows)
    level = rng.normal(0, 0.5, 10)[shop] if options.shops else np.zeros(rows)
    rate = 1 / (1 + np.exp(2.2 - 0.3 * weekend - 0.2 * spread * rng.normal() - 0.3 * night / 365 - level))
    label = rng.random(rows) < rate
    shares = rng.dirichlet(np.array([40, 25, 15, 10, 5]) * 4 / max(0.01, spread))
    names = np.array(["north", "south", "east", "west", f"month {night // 30}"])
    score = rng.normal(0.1 * spread * rng.normal() + night / 365, 1, rows) + level
    return pd.DataFrame(
        {
            "amount": np.round(rng.lognormal(3 + 0.15 * spread * rng.normal() + 0.2 * weekend + level, 1), 2)
            + 20 * label,
            "age": rng.integers(18, 80, rows),
            "score": np.where(rng.random(rows) < rng.beta(2, 38), np.nan, score),
            "weekday": night % 7,
            "place": rng.choice(names, rows, p=shares),
            "label": np.where(label, "yes", "no"),
        }
    ).iloc[np.argsort(shop, kind="stable")]


def write_rows(rows: pd.DataFrame, place: Path) -> Any:
    from counterpoise.records import SnapshotFile
    from counterpoise.runtime import file_sha256

    pq.write_table(pa.Table.from_pandas(rows, preserve_index=False), place)
    return SnapshotFile(
        path=str(place), format="parquet", rows=len(rows), bytes=place.stat().st_size, sha256=file_sha256(place)
    )


def written_snapshot(files: list[Any]) -> Any:
    from counterpoise.ingest._snapshot_files import column_schemas
    from counterpoise.records import Snapshot, SourcePart
    from counterpoise.runtime import json_sha256

    return Snapshot(
        files=tuple(files),
        rows=sum(file.rows for file in files),
        columns=column_schemas(pq.read_schema(files[0].path)),
        digest=json_sha256([file.sha256 for file in files]),
        parts=tuple(SourcePart(name=Path(one.path).name, rows=one.rows, sha256=one.sha256) for one in files),
    )


def failed_expectations(snapshot: Any, expectations: tuple[dict[str, Any], ...]) -> Iterator[tuple[str, str]]:
    """Yield severity and subject of what does not hold."""
    from great_expectations.expectations.registry import get_expectation_impl

    from counterpoise.table import SnapshotReader, to_frame

    frame = to_frame(SnapshotReader(snapshot).read_columns([column.name for column in snapshot.columns]))
    for one in expectations:
        kind, kwargs = one["type"], one["kwargs"]
        if kind == "expect_table_schema_to_stay":
            continue
        if kind == "expect_table_row_count_to_be_between":
            holds = kwargs["min_value"] <= snapshot.rows <= kwargs.get("max_value", snapshot.rows)
        else:
            holds = get_expectation_impl(kind)(**kwargs)._validate(_metrics(kind, kwargs, frame))["success"]  # noqa: SLF001
        if not holds:
            where = "added" if "added" in kwargs else kwargs.get("measure", "all")
            yield (
                one["severity"],
                " ".join(map(str, (kind, kwargs.get("column", ""), kwargs.get("label_class", ""), where))),
            )


def _metrics(kind: str, kwargs: dict[str, Any], frame: pd.DataFrame) -> dict[str, Any]:
    from counterpoise.drift import Distribution, count_values
    from counterpoise.expectations.custom.added_rows import among

    if kind == "expect_table_growth_measure_to_be_between":
        return {}
    column = among(frame[kwargs["column"]], kwargs.get("added"))
    if kwargs.get("label"):
        column = column[frame[kwargs["label"]].loc[column.index] == kwargs["label_class"]]
    if "baseline" in kwargs and "threshold" in kwargs:
        return {"column.bin_counts": count_values(column, Distribution(**kwargs["baseline"]))}
    if "baseline" in kwargs:
        return {"column.label_counts": column.value_counts().to_dict()}
    return {"column.missing_count": (int(column.isna().sum()), len(column))}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--years", type=int, default=3, help="How many folders grow.")
    parser.add_argument("--nights", type=int, default=365)
    parser.add_argument("--rows", type=int, default=400, help="Rows of a usual night.")
    parser.add_argument("--days-differ", type=float, default=1.0, help="How much days differ from each other.")
    parser.add_argument("--shops", action="store_true", help="Rows of a night are alike by shop.")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a script finds only what lies beside it
    sys.exit(main())
