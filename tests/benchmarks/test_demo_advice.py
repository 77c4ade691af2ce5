"""The advice on the demo's table is right."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.row_order import publish
from counterpoise.config import SourceConfig, load_config
from counterpoise.flows.first_files import write_first_files
from counterpoise.suggest import write_sample


@pytest.mark.slow
def test_none_is_advised_on_the_demos_table_and_what_was_not_advised_hurts(tmp_path: Path) -> None:
    table = write_sample("fraud", rows=20_000, out=tmp_path / "transactions.csv")
    files = write_first_files(SourceConfig(path=str(table)), target="is_fraud", name="fraud", out=tmp_path)
    assert load_config(files.settings).resampling.strategy == "none"
    assert files.advice.startswith("No strategy was better than no resampling beyond noise")
    columns = {"target": "is_fraud", "ids": ["transaction_id"], "group": "customer_id", "time": "timestamp"}
    for strategy in ("weights", "smote"):
        evaluation = {"learners": ["logistic_regression"], "bootstrap": 200, "draws": 2}
        sections = {"columns": columns, "resampling": {"strategy": strategy}, "evaluation": evaluation}
        found = publish(table, tmp_path / strategy, sections)
        assert " hurt logistic regression" in found.metrics["verdict"]
