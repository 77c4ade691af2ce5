"""The memory that reading a database takes: rows with long cells, in a process of its own for each table.

    python benchmarks/wide_cells.py --rows 10000 --cell 100000

Prints one JSON object: for SQLite, and for PostgreSQL with `--postgres URL`, the peak of the process in MiB (with what
its libraries take: the first line is that of a table of one row) and the seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

_READ = """
import resource, sys, tempfile, time
from pathlib import Path
from counterpoise.config import SourceConfig
from counterpoise.ingest import ingest_source
begun = time.perf_counter()
with tempfile.TemporaryDirectory() as folder:
    source = SourceConfig(url=sys.argv[1], query=sys.argv[2])
    rows = ingest_source(source, target="label", folder=Path(folder)).rows
print(rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10, round(time.perf_counter() - begun, 1))
"""


def read(url: str, query: str) -> dict[str, float]:
    """Read the answer to a query in a process of its own; return rows, peak in MiB and seconds."""
    answer = subprocess.run([sys.executable, "-c", _READ, url, query], check=True, capture_output=True, text=True)
    rows, peak, seconds = answer.stdout.split()
    return {"rows": int(rows), "peak_mib": int(peak), "seconds": float(seconds)}


def write_sqlite(path: Path, *, rows: int, cell: int) -> None:
    """Write a table of so many rows with one long text each, which are all different."""
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE wide (a INTEGER, long TEXT, label INTEGER)")
        values = ((n, os.urandom(cell // 2).hex(), n % 10) for n in range(rows))
        connection.executemany("INSERT INTO wide VALUES (?, ?, ?)", values)
    connection.close()


def measure(*, rows: int, cell: int, postgres: str = "") -> dict[str, dict[str, float]]:
    """Return the figures for each database."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "wide.db")
        write_sqlite(path, rows=rows, cell=cell)
        url = f"sqlite:///{path}"
        figures = {
            "sqlite, one row": read(url, "SELECT * FROM wide LIMIT 1"),
            "sqlite": read(url, "SELECT * FROM wide"),
        }
    if postgres:
        query = f"SELECT n AS a, repeat(md5(n::text), {cell // 32}) AS long, n % 10 AS label FROM generate_series(1, {rows}) n"  # noqa: S608, E501  # two numbers
        figures["postgresql"] = read(postgres, query)
    return figures


def main() -> None:
    """Measure with the sizes of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--cell", type=int, default=100_000, help="Bytes of a cell.")
    parser.add_argument("--postgres", default="", help="A SQLAlchemy URL of a PostgreSQL database.")
    given = parser.parse_args()
    print(json.dumps(measure(rows=given.rows, cell=given.cell, postgres=given.postgres), indent=2))


if __name__ == "__main__":
    main()
