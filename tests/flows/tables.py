"""Small sources for runs of the whole flow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from counterpoise.config import BalanceConfig, build_config

__all__ = ["configured", "write_table"]


def write_table(folder: Path, *, rows: int = 600, seed: int = 0) -> Path:
    """Write a delimited table with two features, an id and a label at 15 %."""
    rng = np.random.default_rng(seed)
    label = rng.random(rows) < 0.15
    x, y = rng.normal(size=rows) + label, rng.integers(0, 100, rows)
    lines = [f"r{n},{a:.6f},{b},{'yes' if c else 'no'}" for n, (a, b, c) in enumerate(zip(x, y, label, strict=True))]
    path = folder / "table.csv"
    path.write_text("\n".join(["id,x,y,label", *lines]) + "\n")
    return path


def configured(folder: Path, *overrides: str, **sections: Any) -> BalanceConfig:
    """Return a quick configuration of the table in the folder, which is written where it is not there."""
    if not (folder / "table.csv").exists():
        write_table(folder)
    settings: dict[str, Any] = {
        "name": "tested",
        "source": {"path": str(folder / "table.csv")},
        "columns": {"target": "label", "ids": ["id"]},
        "output": {"root": str(folder / "datasets")},
        "evaluation": {"learners": ["logistic_regression"], "bootstrap": 20},
    }
    return build_config({**settings, **sections}, overrides)
