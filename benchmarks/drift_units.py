"""How often drift refuses honest deliveries whose rows are not independent, and whether it still sees broken ones.

    python benchmarks/drift_units.py [--deliveries 200] [--keep FILE]

Each source has some 3,000 rows: a number, a category and a missing value that belong to the customer, a number that
belongs to the row, and a label for each customer. Customers have ten rows each, in any order (`groups`) or next to each
other (`adjacent`), numbers of rows that vary from 1 to 90 (`unlike`), or one row in the published version and ten in
the delivery (`fewer`). `repeated` has rows without a group that stand four times each, `later` only in the delivery.
`rows` are independent. Every delivery has new customers, and every eighth a new baseline. In a broken delivery the
customer's number is in another unit.

Prints the share of honest deliveries that were stopped and that had warnings, and of broken ones that were stopped.
The verdicts are those of the expectations of a run, without Great Expectations around them.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.growing_year import failed_expectations, write_rows, written_snapshot  # as a script, too
from benchmarks.kept import Kept
from counterpoise.config import BalanceConfig
from counterpoise.drift import profile_source
from counterpoise.expectations.drift_suite import suite_against
from counterpoise.versions import Baseline

ROWS, FRESH_BASELINE = 3_000, 8
KINDS = ("rows", "groups", "adjacent", "unlike", "fewer", "repeated", "later")


def source(kind: str, *, later: bool, rng: np.random.Generator) -> pd.DataFrame:
    """Return a source of a kind, as published or as delivered later."""
    sizes = _sizes(kind, later=later, rng=rng)
    customers = len(sizes)
    positive = rng.random(customers) < 0.15
    number = rng.lognormal(3, 1, customers) + 5 * positive
    number[rng.random(customers) < 0.1] = np.nan
    kinds = rng.choice(list("abcde"), customers, p=(0.4, 0.3, 0.15, 0.1, 0.05))
    owner = np.repeat(np.arange(customers), sizes)
    frame = pd.DataFrame(
        {
            "number": number[owner], "kind": kinds[owner], "own": rng.normal(size=len(owner)),
            "label": np.where(positive, "yes", "no")[owner],
        }
    )  # fmt: skip
    if kind in ("rows", "repeated", "later"):
        frame["own"] = rng.normal(size=customers)[owner]
    else:
        frame["customer"] = owner + int(later) * 1_000_000
    return frame if kind == "adjacent" else frame.sample(frac=1, random_state=int(rng.integers(2**31)))


def _sizes(kind: str, *, later: bool, rng: np.random.Generator) -> Any:
    if kind == "unlike":
        sizes = np.clip(rng.lognormal(1.5, 1, ROWS), 1, 90).astype(int)
        return sizes[: int(np.searchsorted(np.cumsum(sizes), ROWS))]
    each = {"groups": 10, "adjacent": 10, "repeated": 4, "fewer": 10 if later else 1, "later": 4 if later else 1}
    return np.full(ROWS // each.get(kind, 1), each.get(kind, 1))


def verdicts(kind: str, numbers: range, folder: Path) -> list[list[int]]:
    """Return for each delivery whether it was stopped, whether it had warnings, and whether it is stopped if broken."""
    found, baseline = [], None
    columns = {"target": "label"} | ({"group": "customer"} if kind in KINDS[1:5] else {})
    config = BalanceConfig(name="units", source={"path": str(folder)}, columns=columns)
    for number in numbers:
        rng = np.random.default_rng([KINDS.index(kind), number])
        if baseline is None or not number % FRESH_BASELINE:
            first = written_snapshot([write_rows(source(kind, later=False, rng=rng), folder / "first.parquet")])
            baseline = Baseline(1, first.digest, profile_source(first, config.columns, config.split))
        honest = source(kind, later=True, rng=rng)
        broken = honest.assign(number=honest["number"] * 100)
        levels = [_levels(rows, baseline, config, folder / f"{number}-{way}.parquet") for way, rows in
                  enumerate((honest, broken))]  # fmt: skip
        found.append([int("critical" in levels[0]), int(bool(levels[0])), int("critical" in levels[1])])
    return found


def _levels(rows: pd.DataFrame, baseline: Baseline, config: BalanceConfig, place: Path) -> set[str]:
    snapshot = written_snapshot([write_rows(rows, place)])
    levels = {
        level for level, _ in failed_expectations(snapshot, suite_against(baseline, config, snapshot).expectations)
    }
    place.unlink()
    return levels


def main() -> None:
    """Print one row for each kind of source."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deliveries", type=int, default=200)
    parser.add_argument("--kinds", nargs="+", default=KINDS, choices=KINDS)
    parser.add_argument("--keep", type=Path, help="file of finished pieces")
    options = parser.parse_args()
    kept = Kept(options.keep)
    print(f"{'rows':<10}{'stopped':>9}{'warned':>9}{'broken: stopped':>17}")
    for kind in options.kinds:
        found = list[list[int]]()
        with tempfile.TemporaryDirectory(prefix="drift-units-") as folder:
            for first in range(0, options.deliveries, FRESH_BASELINE):
                numbers = range(first, min(first + FRESH_BASELINE, options.deliveries))
                work = partial(verdicts, kind, numbers, Path(folder))
                found += kept.once(f"{kind} {numbers}", work)
        stopped, warned, caught = np.mean(found, axis=0)
        print(f"{kind:<10}{stopped:>9.1%}{warned:>9.1%}{caught:>17.1%}", flush=True)


if __name__ == "__main__":
    main()
