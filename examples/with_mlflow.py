"""Balance, then record dataset, parameters, metrics and report in MLflow (`pip install 'counterpoise[mlflow]'`).

Run with `python examples/with_mlflow.py CONFIG`, with `MLFLOW_TRACKING_URI` set to where runs are recorded.
"""

from __future__ import annotations

import sys

from prefect import flow, task

from counterpoise import BalanceConfig, balance, load_config
from counterpoise.integrations import record_in_mlflow


@task(retries=2, retry_delay_seconds=5)
def record(address: str, experiment: str) -> str:
    """Record a version and return the id of its MLflow run."""
    return record_in_mlflow(address, experiment=experiment)


@flow
def balance_and_record(config: BalanceConfig, experiment: str = "counterpoise") -> str:
    """Publish a version and return the id of the MLflow run that tells of it."""
    version = balance(config)
    address = f"{version.root}/{version.dataset}@{version.version}"
    return record(address, experiment)


if __name__ == "__main__":
    print(balance_and_record(load_config(sys.argv[1])))
