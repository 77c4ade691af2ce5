"""Count silent differences among tables in random notations and dialects: `python benchmarks/notations.py [TABLES]`.

Each table is read twice: as it is, and with its notations declared. A difference is silent if a value is not the one
that was written, or if a column stays text, and no note says so.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from random import Random

from tests.ingest.notation_tables import random_table, silent_mistakes


def main(tables: int) -> None:
    columns, wrong = 0, 0
    for seed in range(tables):
        table = random_table(Random(seed))  # noqa: S311  # no secrets
        columns += len(table.columns)
        with tempfile.TemporaryDirectory() as folder:
            for mistake in silent_mistakes(table, Path(folder)):
                wrong += 1
                print(f"table {seed}: {mistake}")
    print(f"{tables:,} tables, {columns:,} columns, each read twice: {wrong} silent differences")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000)
