"""What `resampling.strategy: auto` chooses on real tables, what it gains on test, and how long it takes to decide.

Run `python benchmarks/auto_advice.py --data FOLDER [--seeds 5] [--rows 20000] [--tables sick oil_spill]`; the folder
holds one folder per table, with the files named in `TABLES`. Each seed draws at most that many rows of a table, splits
them and decides within train. Where `auto` chooses a strategy, each learner is evaluated on test with it and without;
where it keeps none, the difference is 0 by construction.

Prints one row a table and seed, then the mean difference per table and learner with its 95 % interval over seeds
(corrected for shared rows, Nadeau and Bengio 2003), and whether `auto` is worse than none beyond noise.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from counterpoise.compare import choose_resampling, interval
from counterpoise.config import BalanceConfig
from counterpoise.evaluate import compare_strategies, load_tables
from counterpoise.persist import publish_version
from counterpoise.records import Validation
from counterpoise.resample import plan_resampling
from counterpoise.runtime import child_generator
from counterpoise.split import split_snapshot
from counterpoise.table import write_snapshot

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class RealTable:
    """A file of the data folder.

    Attributes:
        file: Its path within the folder.
        target: The label column, by name, or by index from 0 if the file has no header.
        separator: The delimiter.
        drop: Identifiers, and columns that give the label away.
    """

    file: str
    target: str | int
    separator: str = ","
    drop: tuple[str, ...] = ()


TABLES = {
    "adult": RealTable("adult/adult.csv", 14),
    "ai4i2020": RealTable(
        "ai4i2020/ai4i2020.csv", "Machine failure", drop=("UDI", "Product ID", "TWF", "HDF", "PWF", "OSF", "RNF")
    ),
    "bank_full": RealTable("bank_full/bank-full.csv", "y", ";"),
    "ecoli": RealTable("ecoli/ecoli.csv", 7),
    "heart_2020": RealTable("heart_2020/heart_2020_cleaned.csv.gz", "HeartDisease"),
    "http_kdd": RealTable("http_kdd/http.csv.gz", "label"),
    "mammography": RealTable("mammography/mammography.csv", 6),
    "nursery": RealTable("nursery/nursery.data", "classification"),
    "oil_spill": RealTable("oil_spill/oil-spill.csv", 49),
    "online_shoppers": RealTable("online_shoppers/online_shoppers_intention.csv", "Revenue", ";"),
    "shuttle": RealTable("shuttle/shuttle.csv", "class", drop=("shuttle",)),
    "sick": RealTable("sick/sick.csv", "Class"),
}


@dataclass(frozen=True)
class Outcome:
    """One table and seed.

    Attributes:
        strategy: What `auto` became.
        reason: Why.
        gains: The difference in average precision on test by learner.
        deciding: Processor seconds of the decision.
        evaluating: Processor seconds of the evaluation.
        test_to_train: Test rows by train rows.
    """

    strategy: str
    reason: str
    gains: dict[str, float] = field(default_factory=dict)
    deciding: float = 0.0
    evaluating: float = 0.0
    test_to_train: float = 0.0


def read_table(name: str, folder: Path, *, rows: int, seed: int) -> pd.DataFrame:
    """Return at most a number of rows of a table, drawn at random, with the label as the column `label`."""
    import pandas as pd

    known = TABLES[name]
    header = 0 if isinstance(known.target, str) else None
    frame = pd.read_csv(folder / known.file, sep=known.separator, header=header, skipinitialspace=True, na_values="?")
    frame = frame.drop(columns=list(known.drop)).rename(columns={known.target: "label"})
    frame.columns = frame.columns.map(str)
    chosen = child_generator(seed, "rows", name).permutation(len(frame))[:rows]
    frame["label"] = frame["label"].map(str)
    return frame.iloc[np.sort(chosen)].reset_index(drop=True)


def outcome_of(frame: pd.DataFrame, *, seed: int, **sections: Any) -> Outcome:
    """Split a frame with the column `label`, decide, publish and evaluate."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        config = BalanceConfig(
            name="frame", seed=seed, source={"path": place}, columns={"target": "label"},
            output={"root": str(folder / "datasets")}, resampling={"strategy": "auto"},
            split={"rare_classes": "train_only"}, **sections,
        )  # fmt: skip
        table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
        snapshot, unchecked = write_snapshot(folder / "frame.arrow", table), Validation(success=True, outcomes=())
        split = split_snapshot(
            snapshot, columns=config.columns, config=config.split, validation=unchecked, seed=config.seed,
            folder=folder / "split",
        )  # fmt: skip
        started = time.process_time()
        chosen = choose_resampling(config, snapshot, split, folder=folder / "auto")
        decided = time.process_time()
        plan = plan_resampling(
            snapshot, split, columns=config.columns, config=chosen.settings, seed=config.seed,
            folder=folder / "plan", choice=chosen.choice,
        )  # fmt: skip
        version = publish_version(config, snapshot=snapshot, validation=unchecked, split=split, resampling=plan)
        evaluating = time.process_time()
        tables = load_tables(config, snapshot=snapshot, split=split, version=version)
        metrics = compare_strategies(tables, strategy=plan.strategy, config=config.evaluation, seed=config.seed)
        done = time.process_time()
    assert chosen.choice is not None  # noqa: S101  # the strategy is auto
    gains = {
        str(one["learner"]): float(one["differences"]["average_precision"]["difference"])
        for one in metrics["comparisons"]
    }
    return Outcome(
        plan.strategy, chosen.choice.reason, gains or dict.fromkeys(config.evaluation.learners, 0.0),
        decided - started, done - evaluating, tables.test.num_rows / tables.train_natural.num_rows,
    )  # fmt: skip


def summarise(outcomes: list[Outcome]) -> Iterator[tuple[str, float, float, float]]:
    """Yield learner, mean gain and its 95 % interval over seeds."""
    gains = defaultdict[str, list[float]](list)
    for outcome in outcomes:
        for learner, gain in outcome.gains.items():
            gains[learner].append(gain)
    for learner, values in gains.items():
        low, high = interval(values, test_to_train=outcomes[0].test_to_train) or (float("nan"),) * 2
        yield learner, float(np.mean(values)), low, high


def main() -> None:
    """Print the outcomes and their summary."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--tables", nargs="*", default=list(TABLES))
    arguments = parser.parse_args()
    for name in ("oil_spill", "online_shoppers"):  # imports take seconds, and texts need more of them
        outcome_of(read_table(name, arguments.data, rows=300, seed=0), seed=0)
    found = defaultdict[str, list[Outcome]](list)
    for name in arguments.tables:
        for seed in range(arguments.seeds):
            outcome = outcome_of(read_table(name, arguments.data, rows=arguments.rows, seed=seed), seed=seed)
            found[name].append(outcome)
            shown = ", ".join(f"{learner} {gain:+.4f}" for learner, gain in outcome.gains.items())
            times = f"decided in {outcome.deciding:.1f} s, evaluated in {outcome.evaluating:.1f} s"
            print(f"{name} {seed}: {outcome.strategy}; {shown}; {times}\n    {outcome.reason}", flush=True)
    worse = 0
    for name, outcomes in found.items():
        for learner, mean, low, high in summarise(outcomes):
            worse += high < 0
            print(f"{name:16} {learner:24} {mean:+.4f} ({low:+.4f} to {high:+.4f})")
    seconds = [(sum(one.deciding for one in each), sum(one.evaluating for one in each)) for each in found.values()]
    later = sum(deciding > evaluating for deciding, evaluating in seconds)
    print(f"worse than none beyond noise: {worse}; tables where deciding took longer than evaluating: {later}")


if __name__ == "__main__":
    main()
