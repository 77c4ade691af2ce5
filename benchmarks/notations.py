"""Count silent differences among tables in random notations and dialects: `python -m benchmarks.notations`.

Each table is read twice: as it is, and with its notations declared. A difference is silent if a value is not the one
that was written, or if a column stays text, and no note says so.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from random import Random

from tests.ingest.notation_tables import random_table, silent_mistakes

_TOLD = 100


def main(tables: int, first: int) -> None:
    columns, wrong = 0, 0
    for seed in range(first, first + tables):
        table = random_table(Random(seed))  # noqa: S311  # no secrets
        columns += len(table.columns)
        with tempfile.TemporaryDirectory() as folder:
            for mistake in silent_mistakes(table, Path(folder)):
                wrong += 1
                print(f"table {seed}: {mistake}")
        if (done := seed + 1 - first) % _TOLD == 0:
            print(f"{done:,} tables, {columns:,} columns, each read twice: {wrong} silent differences", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=2_000)
    parser.add_argument("--first", type=int, default=0, help="the seed of the first table")
    asked = parser.parse_args()
    main(asked.tables, asked.first)
