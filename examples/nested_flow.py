"""Balancing as a step of another pipeline: `balance` called in a flow is a subflow, with a run of its own in the UI.

Run with `python examples/nested_flow.py TABLE TARGET`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from prefect import flow

from counterpoise import balance, open_version
from counterpoise.config import build_config


@flow
def train_a_model(table: str, target: str, root: str = "datasets") -> int:
    """Publish a balanced dataset of a table and hand its train partition to whatever comes next."""
    config = build_config(
        {
            "name": Path(table).stem,
            "source": {"path": table},
            "columns": {"target": target},
            "output": {"root": root},
            "evaluation": {"enabled": False},
        }
    )
    version = balance(config)
    train = open_version(f"{version.root}/{version.dataset}@{version.version}").to_pandas("train")
    return len(train)


if __name__ == "__main__":
    print(f"{train_a_model(*sys.argv[1:3])} rows to train on")
