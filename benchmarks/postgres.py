"""Time and peak memory of reading a PostgreSQL table: a private cluster, mixed columns, a child process that ingests.

    python benchmarks/postgres.py [--rows 5000000] [--query]

The cluster is Debian's PostgreSQL 15 in a temporary folder, on a Unix socket, as the tests start it: 5,000,000 rows
need about 2 GB of disk there and 1 GB for the snapshot. Prints a Markdown table; *CPU* is the reader's own time, which
a busy machine stretches less than the seconds on the clock.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the tests' cluster

_TABLE = """
    CREATE TABLE sales AS
    SELECT
        n AS id,
        'C' || (n % 250000) AS customer,
        random() * 1000 AS amount,
        (random() * 100000)::numeric(12, 2) AS price,
        (random() * 40)::int AS quantity,
        n % 7 = 0 AS weekend,
        (ARRAY['card', 'cash', 'bank', NULL])[1 + n % 4] AS means,
        timestamptz '2024-01-01 00:00+00' + n * interval '3 seconds' AS at,
        date '2020-01-01' + (n % 1500)::int AS since,
        CASE WHEN n % 11 > 0 THEN random()::real END AS score,
        9007199254740993 + n AS reference,
        (random() < 0.01)::int AS label
    FROM generate_series(1, {rows}) AS n
"""


def ingest(url: str, *, query: bool) -> None:
    """Ingest the table and print what it took; imports are not in the times, but in the memory."""
    from counterpoise.config import SourceConfig
    from counterpoise.ingest import ingest_source

    everything = SourceConfig(url=url, query="SELECT * FROM sales ORDER BY id") if query else None
    with tempfile.TemporaryDirectory() as folder:
        little = SourceConfig(url=url, query="SELECT * FROM sales LIMIT 1")
        ingest_source(little, target="label", folder=Path(folder, "little"))  # imports what reading imports
        started, busy = time.perf_counter(), time.process_time()
        source = everything or SourceConfig(url=url, table="sales")
        snapshot = ingest_source(source, target="label", folder=Path(folder, "all"))
        seconds, cpu = time.perf_counter() - started, time.process_time() - busy
        size = sum(file.bytes for file in snapshot.files)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found = {"rows": snapshot.rows, "seconds": seconds, "cpu": cpu, "peak_mib": peak, "snapshot_mb": size / 1e6}
    print(json.dumps(found))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--query", action="store_true", help="an ordered query instead of the table")
    parser.add_argument("--ingest", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ingest:
        ingest(options.ingest, query=options.query)
        return
    from tests.ingest.postgres import postgres_cluster

    with postgres_cluster() as cluster:
        cluster.run(_TABLE.format(rows=options.rows))
        cluster.run("ANALYZE sales")
        command = [sys.executable, __file__, "--ingest", cluster.url(), *(["--query"] if options.query else [])]
        environment = {**os.environ, "PG_PASSWORD": cluster.password}
        done = subprocess.run(command, check=True, env=environment, stdout=subprocess.PIPE, text=True)
    found = json.loads(done.stdout)
    print("| rows | seconds | CPU | rows a second | peak MiB | snapshot MB |\n|---:|---:|---:|---:|---:|---:|")
    cells = [f"{found['rows']:,}", f"{found['seconds']:.1f}", f"{found['cpu']:.1f}"]
    cells += [f"{found['rows'] / found['seconds']:,.0f}", f"{found['peak_mib']:,.0f}", f"{found['snapshot_mb']:.0f}"]
    print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
