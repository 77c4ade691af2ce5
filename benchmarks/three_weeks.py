"""What a test on three weeks of transactions promises for the fourth, by kind of split; the truth is generated.

Run `python benchmarks/three_weeks.py [--seeds 10]`. Customers have habits (amount and place) that a model can learn;
some cards are stolen for three days, half of whose transactions are fraud. How frauds look drifts from day to day. In
production a model learns from one week whose frauds are known a week later, works in the week after, and known cards
are blocked. So in week three: train 7 days, delay 7 days, test 7 days, known positives dropped. The same one week later
is what comes true.

Each seed writes the first three weeks to a file, publishes it from YAML once by kind of split, and the fourth week by
the split of production. Prints average precision, precision among 20 rows and 20 cards a day, and how far these are
from what comes true: mean over seeds, with the standard error.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from counterpoise.config import load_config
from counterpoise.flows.balance import balance
from counterpoise.persist import DatasetFolder
from counterpoise.tasks.stage import without_prefect
from counterpoise.versions import read_metrics

DAY, ROWS_A_DAY, CUSTOMERS, STOLEN_FOR = 86_400, 800, 700, 3
START = datetime(2025, 3, 1)  # noqa: DTZ001  # naive, as in many tables
SPLITS: Mapping[str, str] = {
    "random": "{method: random, test_size: 0.33, validation_size: 0.1}",
    "time": "{method: time, train: 7 days, delay: 7 days, test: 7 days}",
    "production": "{method: time, train: 7 days, delay: 7 days, test: 7 days, known_positives: drop}",
}
FIGURES = ("average precision", "precision among 20 rows a day", "precision among 20 cards a day")


def transactions(days: int, *, seed: int) -> pa.Table:
    """Return the transactions of some days; the first days are the same for any number of them."""
    rng = np.random.default_rng([seed, 1])
    habits = rng.normal(size=(CUSTOMERS, 2))
    stolen = np.where(rng.random(CUSTOMERS) < 0.4, rng.uniform(-STOLEN_FOR, 28, CUSTOMERS), np.inf)
    parts = [_of_day(day, habits, stolen, np.random.default_rng([seed, 2, day])) for day in range(days)]
    return pa.concat_tables(parts)


def _of_day(day: int, habits: Any, stolen: Any, rng: np.random.Generator) -> pa.Table:
    second = np.sort(rng.integers(0, DAY, ROWS_A_DAY)) + day * DAY
    customer = rng.integers(0, CUSTOMERS, ROWS_A_DAY)
    open_to_fraud = (stolen[customer] <= day) & (day < stolen[customer] + STOLEN_FOR)
    fraud = open_to_fraud & (rng.random(ROWS_A_DAY) < 0.5)
    drift = np.array([1.4 - 0.02 * day, 0.4 + 0.02 * day])
    seen = habits[customer] + 0.5 * rng.normal(size=(ROWS_A_DAY, 2)) + fraud[:, np.newaxis] * drift
    return pa.table(
        {
            "id": np.arange(ROWS_A_DAY) + day * ROWS_A_DAY,
            "at": pa.array([START + timedelta(seconds=int(one)) for one in second], pa.timestamp("us")),
            "card": customer,
            "amount": np.round(seen[:, 0], 3),
            "habit": np.round(habits[customer, 0], 3),
            "place": np.round(seen[:, 1], 3),
            "home": np.round(habits[customer, 1], 3),
            "fraud": fraud.astype(np.int8),
        }
    )


def figures(folder: Path, table: pa.Table, kind: str) -> list[float]:
    """Publish a table from YAML by a kind of split, and return the figures of gradient boosting without resampling."""
    folder.mkdir(parents=True)
    pq.write_table(table, folder / "cards.parquet")
    role = "group: card" if kind == "production" else "drop: [card]"
    configuration = folder / "cards.yaml"
    configuration.write_text(
        f"name: cards\nsource: {{path: {folder / 'cards.parquet'}}}\noutput: {{root: {folder / 'datasets'}}}\n"
        f"columns: {{target: fraud, ids: [id], time: at, {role}}}\nsplit: {SPLITS[kind]}\n"
        "resampling: {strategy: none}\n"
        "evaluation: {learners: [hist_gradient_boosting], bootstrap: 0, alerts_a_day: 20}\n",
        "utf-8",
    )
    with without_prefect():
        version = balance.fn(load_config(configuration))
    metrics = read_metrics(DatasetFolder.of(version), version.version)
    assert metrics is not None  # noqa: S101  # evaluation is on
    arm = next(one for one in metrics["arms"] if one["learner"] == metrics["verdict_learner"])
    found = [arm["test"]["average_precision"]]
    alerts = metrics["alerts_a_day"]
    for unit in ("rows", "groups"):
        own = next((one[unit] for one in (alerts or {"arms": []})["arms"] if one["learner"] == arm["learner"]), None)
        found.append(own["mean"] if own else np.nan)
    return found


def promises(seed: int, folder: Path) -> dict[str, list[float]]:
    """Return the figures of each kind of split on three weeks, and what comes true in the fourth."""
    month = transactions(28, seed=seed)
    weeks = month.slice(0, 21 * ROWS_A_DAY)
    found = {kind: figures(folder / f"{seed} {kind}", weeks, kind) for kind in SPLITS}
    return {**found, "comes true": figures(folder / f"{seed} later", month, "production")}


def main() -> None:
    """Print one row a kind of split."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10)
    seeds = parser.parse_args().seeds
    with tempfile.TemporaryDirectory() as place:
        each = [promises(seed, Path(place)) for seed in range(seeds)]
    for number, name in enumerate(FIGURES):
        true = np.array([one["comes true"][number] for one in each])
        print(f"{name}: comes true {true.mean():.3f}")
        for kind in SPLITS:
            values = np.array([one[kind][number] for one in each])
            off = values - true
            if not np.isnan(off).any():
                error = off.std(ddof=1) / np.sqrt(seeds) if seeds > 1 else np.nan
                print(f"  {kind:<12}{values.mean():.3f}, off by {off.mean():+.3f} ± {error:.3f}")


if __name__ == "__main__":
    main()
