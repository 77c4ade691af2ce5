"""Whether published probabilities are ever worse than the learner's own, on real tables.

    python benchmarks/probabilities.py --data FOLDER [--tables mammography …] [--seeds 0 …] [--rows 20000]
    python benchmarks/probabilities.py --known 20

FOLDER has the tables that its `catalog.json` describes. Each is split 60/20/20 by class; logistic regression, gradient
boosting and a random forest are trained on its train rows as they are, over-sampled, under-sampled and with SMOTE (with
the engine's samplers). What is published is chosen on validation; test decides. A table is cut to `--rows` rows.

Prints one row a cell: the published method, the Brier score of own and published probabilities, their paired difference
with its 95 % interval, and the means of corrected and published probabilities over the prevalence. At the end: the
cells that are worse beyond noise, and those whose mean is more than 5 % from the prevalence, said or not: a cell says
so if metrics, `correction.json` and the report have the sentence.

With `--known` it generates tables whose probabilities are known (20,000 rows, 5 % positive), trains a forest without
resampling, and prints the mean squared distance from the known probabilities and the Brier score of three kinds of
probabilities: the forest's own, those of a sigmoid on log-odds clipped at 1e-8, and the published ones.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from counterpoise.config import BalanceConfig, EvaluationConfig
from counterpoise.evaluate import EvaluationTask, LabelCodes, Predictions, binary_facts
from counterpoise.evaluate._arms import train_arms
from counterpoise.evaluate._calibration.calibrated import calibrate
from counterpoise.evaluate._tables import EvaluationTables, read_label_codes
from counterpoise.frames import resample_frame
from counterpoise.report._sections.calibration import calibrator_sentences
from counterpoise.runtime import child_generator

TABLES = ("mammography", "sick", "bank_full", "online_shoppers")
STRATEGIES = ("none", "random_over", "random_under", "smote")
LEARNERS = ("logistic_regression", "hist_gradient_boosting", "random_forest")
LABEL = "label"


@dataclass(frozen=True)
class Cell:
    """One arm of one table.

    Attributes:
        table: The table.
        learner: The learner.
        strategy: The strategy that its train rows were resampled with.
        prevalence: The share of positives in test.
        calibration: The arm's calibration record.
        correction: The arm's part of `correction.json`.
    """

    table: str
    learner: str
    strategy: str
    prevalence: float
    calibration: dict[str, Any]
    correction: dict[str, Any]

    @property
    def worse(self) -> bool:
        """Whether the published Brier score is higher than that of the own probabilities, beyond noise."""
        return bool((self._brier["low"] or 0) > 0)

    @property
    def mean(self) -> float:
        """The mean of the published probabilities over the prevalence."""
        return float(self.calibration["calibrated"]["mean_probability"] / self.prevalence)

    @property
    def misses(self) -> bool:
        """Whether that mean is more than 5 % from the prevalence."""
        return abs(self.mean - 1) > 0.05

    @property
    def says_so(self) -> bool:
        """Whether metrics, `correction.json` and the report say that it is, with the same sentence."""
        note, record = self.calibration["mean_note"], {"learners": {self.learner: self.correction}}
        shown = list(calibrator_sentences({"learners": [self.learner], "correction": record}))
        return bool(note) and note == self.correction["mean_note"] and any(note in line for line in shown)

    @property
    def _brier(self) -> dict[str, float]:
        own = {"difference": 0.0, "low": 0.0, "high": 0.0}
        return dict(self.calibration["calibrated"]["against_own"].get("brier", own))

    def line(self) -> str:
        """Return the cell as a row of the printed table."""
        before, after, found = (self.calibration[kind] for kind in ("before", "after", "calibrated"))
        corrected = f"{after['mean_probability'] / self.prevalence:.2f}" if after else "–"
        change = self._brier
        return (
            f"{self.table:16} {self.learner:22} {self.strategy:12} {self.calibration['published']['method']:11} "
            f"{before['brier']:.5f} {found['brier']:.5f} {change['difference']:+.5f} "
            f"({change['low']:+.5f} to {change['high']:+.5f}) {before['log_loss']:.4f} {found['log_loss']:.4f} "
            f"{corrected:>5} {self.mean:.3f}{' said' if self.says_so else ''}{' WORSE' if self.worse else ''}"
        )


def read_table(folder: Path, name: str, *, rows: int, seed: int = 0) -> pa.Table:
    """Return a table of the catalog, its label as `label`, cut to a number of rows drawn at random."""
    entry = next(one for one in json.loads((folder / "catalog.json").read_text()) if one["name"] == name)
    frame = pd.read_csv(
        folder / entry["file"],
        sep={"TAB": "\t"}.get(entry["sep"], entry["sep"]),
        header=0 if entry["header"] else None,
        na_values=entry["missing_tokens"],
        skipinitialspace=True,
    )
    target = str(entry["target"])
    place = int(target.split()[2]) if target.startswith("column index") else list(frame.columns).index(target)
    frame = frame.rename(columns={frame.columns[place]: LABEL}).dropna(axis=1, how="all")
    frame.columns = [str(column) for column in frame.columns]
    frame[LABEL] = frame[LABEL].astype(str).str.strip()
    return pa.Table.from_pandas(frame.sample(min(rows, len(frame)), random_state=seed), preserve_index=False)


def split(table: pa.Table, *, seed: int) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Return train, validation and test, 60/20/20 within each class."""
    rng = child_generator(seed, "probabilities")
    labels = np.array(table.column(LABEL).to_pylist())
    part = np.zeros(len(labels), int)
    for name in np.unique(labels):
        rows = rng.permutation(np.flatnonzero(labels == name))
        fifth = len(rows) // 5
        part[rows[:fifth]], part[rows[fifth : 2 * fifth]] = 1, 2
    train, validation, test = (table.take(pa.array(np.flatnonzero(part == number))) for number in range(3))
    return train, validation, test


def resampled(train: pa.Table, strategy: str, *, seed: int) -> pa.Table:
    """Return train rows after resampling."""
    if strategy == "none":
        return train
    frame = train.to_pandas()
    config = BalanceConfig(
        name="bench",
        seed=seed,
        source={"path": "none.csv"},
        columns={"target": LABEL},
        resampling={"strategy": strategy},
    )
    features, labels = resample_frame(frame.drop(columns=LABEL), frame[LABEL], config=config)
    return pa.Table.from_pandas(features.assign(**{LABEL: labels}), schema=train.schema, preserve_index=False)


def cells(
    name: str, table: pa.Table, *, seed: int, strategies: tuple[str, ...] = STRATEGIES,
    learners: tuple[str, ...] = LEARNERS, resamples: int = 200,
) -> Iterator[Cell]:  # fmt: skip
    """Train and judge every arm of a table."""
    train, validation, test = split(table, seed=seed)
    for strategy in strategies:
        again = resampled(train, strategy, seed=seed)
        tables = EvaluationTables(train, again, validation, test, LABEL, train.num_rows)
        codes = read_label_codes(tables)
        arms = train_arms(tables, codes, strategies=(strategy,), learners=learners, seed=seed)  # type: ignore[arg-type]
        for arm in arms:
            if isinstance(arm, Predictions):
                yield _cell(name, arm, codes, seed=seed, resamples=resamples)


def _cell(name: str, arm: Predictions, codes: LabelCodes, *, seed: int, resamples: int) -> Cell:
    config = EvaluationConfig(bootstrap=resamples)
    task = EvaluationTask.of(codes, strategy=arm.strategy, config=config)
    facts = binary_facts(task, arm, threshold=0.5, seed=seed)
    assert facts.correction is not None  # noqa: S101  # no dummy is among the arms
    return Cell(name, arm.learner, arm.strategy, task.chance, facts.record["calibration"], facts.correction)


def known_scores(seed: int, *, rows: int = 20_000, trees: int = 100) -> dict[str, tuple[float, float]]:
    """Return the mean squared distance from known probabilities and the Brier score of three kinds of probabilities."""
    from scipy.special import expit, logit
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(seed)
    features = rng.normal(size=(rows, 3))
    known = expit(2 * features[:, 0] - features[:, 1] - 4.6)
    label = np.asarray(rng.random(rows) < known, np.int32)
    train, validation, test = np.split(np.arange(rows), [rows * 3 // 5, rows * 4 // 5])
    forest = RandomForestClassifier(trees, random_state=seed).fit(features[train], label[train])
    shares = {name: forest.predict_proba(features[own]) for name, own in (("validation", validation), ("test", test))}
    odds = {name: logit(np.clip(one[:, 1], 1e-8, 1 - 1e-8))[:, None] for name, one in shares.items()}
    codes = LabelCodes(("no", "yes"), label[train], label[train], label[validation], label[test])
    made = calibrate(Predictions("random_forest", "none", **shares), codes, positive=1, method="auto", seed=seed)
    kinds = {
        "own": shares["test"][:, 1],
        "sigmoid clipped at 1e-8": LogisticRegression(C=1e6)
        .fit(odds["validation"], label[validation])
        .predict_proba(odds["test"])[:, 1],
        "published": made.best(shares["test"][:, 1]),
    }
    return {
        name: (float(((one - known[test]) ** 2).mean()), float(((one - label[test]) ** 2).mean()))
        for name, one in kinds.items()
    }


def _print_known(tables: int) -> None:
    found = [known_scores(seed) for seed in range(tables)]
    for name in found[0]:
        distance, brier = np.mean([one[name] for one in found], axis=0)
        print(f"{name:24} distance {distance:.5f} Brier {brier:.5f}")


def main() -> None:
    """Print the table and what it shows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--data", type=Path)
    which.add_argument("--known", type=int, default=0)
    parser.add_argument("--tables", nargs="+", default=TABLES)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--rows", type=int, default=20_000)
    given, found, start = parser.parse_args(), [], time.process_time()
    if given.known:
        _print_known(given.known)
        return
    for seed in given.seeds:
        for name in given.tables:
            for cell in cells(name, read_table(given.data, name, rows=given.rows), seed=seed):
                found.append(cell)
                print(cell.line(), flush=True)
    missed = [cell for cell in found if cell.misses]
    print(
        f"{len(found)} cells: {sum(cell.worse for cell in found)} worse beyond noise; {len(missed)} with a mean more "
        f"than 5 % from the prevalence, {sum(not cell.says_so for cell in missed)} of them without saying so; "
        f"{time.process_time() - start:.0f} s of CPU"
    )


if __name__ == "__main__":
    main()
