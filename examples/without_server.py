"""The whole job in another orchestrator or a plain script: the flow's own function, with no server and no flow run.

The published version is the same, byte for byte, and so are time limits and retries. Events and artifacts go nowhere.
Run with `python examples/without_server.py CONFIG`.
"""

from __future__ import annotations

import sys

from counterpoise import BalanceConfig, balance, load_config
from counterpoise.records import DatasetVersion
from counterpoise.tasks.stage import without_prefect


def publish(config: BalanceConfig) -> DatasetVersion:
    """Publish a version with its evaluation, stored and promoted as the configuration says."""
    with without_prefect():
        return balance.fn(config)


if __name__ == "__main__":
    done = publish(load_config(sys.argv[1]))
    print(f"{done.root}/{done.dataset}@{done.version}")
