from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from counterpoise.core.versions import open_version
from tests.flows.tables import write_table

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_balancing_as_a_step_of_another_flow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_table(tmp_path)
    train_a_model = runpy.run_path(str(EXAMPLES / "nested_flow.py"))["train_a_model"]
    rows = train_a_model("table.csv", "label")
    assert rows == open_version("datasets/table").record.partitions["train"].rows > 300
