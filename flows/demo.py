"""The demo: from a generated table to a report, without touching the user's Prefect."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import time
from pathlib import Path

from counterpoise.config import SourceConfig, load_config
from counterpoise.flows.console import inform, print_run
from counterpoise.flows.first_files import write_first_files
from counterpoise.flows.prefect_settings import use_own_home


def run_demo(out: Path, *, rows: int, prefect: bool = False) -> None:
    """Generate a fraud-like table, propose a configuration, publish a version and print the path of its report.

    Args:
        out: The folder for the table, the configuration and the datasets.
        rows: The number of rows to generate.
        prefect: Whether to run it as a flow run, on a temporary server.
    """
    use_own_home(_passing_home())
    from counterpoise.flows.local_run import prepared

    with prepared(prefect=prefect):
        _publish_sample(out, rows=rows, prefect=prefect)
    inform("open the report in a browser; it needs no network")


def _publish_sample(out: Path, *, rows: int, prefect: bool) -> None:
    from counterpoise.flows.local_run import run_flow
    from counterpoise.flows.plain.balance import balance, report_of
    from counterpoise.suggest import write_sample

    out.mkdir(parents=True, exist_ok=True)
    table = write_sample("fraud", rows=rows, out=out / "transactions.csv", seed=0)
    inform(f"generated {rows:,} transactions: {table}")
    source = SourceConfig(path=str(table))
    files = write_first_files(source, target="is_fraud", name="fraud", out=out, force=True)
    inform(f"proposed a configuration and a suite: {files.settings}, {files.suite}")
    started = time.perf_counter()
    overrides = [
        f"output.root={out / 'datasets'}",
        "columns.ids=[transaction_id]",
        "columns.group=customer_id",
    ]
    config = load_config(files.settings, overrides)
    inform(f"advised strategy {config.resampling.strategy}: {files.advice}")
    version = run_flow(balance, config, prefect=prefect)
    print_run(version, report_of(version), time.perf_counter() - started)


def _passing_home() -> Path:
    """Return a new folder that is deleted when the process ends, after Prefect's temporary server has stopped."""
    home = Path(tempfile.mkdtemp(prefix="counterpoise-prefect-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    return home
