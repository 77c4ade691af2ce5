from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.csv
import pytest

from counterpoise.config import EvaluationConfig
from counterpoise.evaluate._compare import compare_strategies

_DATA = Path(__file__).parents[2] / "../shared/data"


def _read(path: str, *, delimiter: str = ",", header: bool = True) -> pyarrow.Table:
    file = _DATA / path
    if not file.is_file():
        pytest.skip(f"the shared table {path} is not here")
    return pyarrow.csv.read_csv(
        file,
        read_options=pyarrow.csv.ReadOptions(autogenerate_column_names=not header),
        parse_options=pyarrow.csv.ParseOptions(delimiter=delimiter),
    )


@pytest.mark.slow
def test_mammography_is_ranked_far_above_chance_by_every_learner(split_tables: Any) -> None:
    table = _read("mammography/mammography.csv", header=False)
    metrics = compare_strategies(
        split_tables(table, table.column_names[-1]), strategy="random_over", config=EvaluationConfig(), seed=0
    )
    assert metrics["deciding_rows"] == 52
    for arm in metrics["arms"][1:]:
        assert arm["intervals"]["average_precision"]["low"] > 10 * metrics["chance_average_precision"]


@pytest.mark.slow
def test_a_customer_id_does_not_make_over_sampling_look_harmful(split_tables: Any) -> None:
    table = _read("telco_churn/Telco-Customer-Churn.csv")
    metrics = compare_strategies(
        split_tables(table, "Churn"), strategy="random_over", config=EvaluationConfig(bootstrap=200), seed=0
    )
    assert metrics["features"]["none"]["left_out"] == ["customerID"]
    for comparison in metrics["comparisons"]:
        assert abs(comparison["differences"]["average_precision"]["difference"]) < 0.04


@pytest.mark.slow
def test_bank_marketing_shows_the_cost_of_dropping_rows(split_tables: Any) -> None:
    table = _read("bank_full/bank-full.csv", delimiter=";")
    metrics = compare_strategies(
        split_tables(table, "y", strategy="random_under"),
        strategy="random_under",
        config=EvaluationConfig(learners=("hist_gradient_boosting",), bootstrap=200),
        seed=0,
    )
    assert metrics["verdict_outcome"] == "hurt"
    assert metrics["correction"]["learners"]["hist_gradient_boosting"]["after"]["mean_probability"] == pytest.approx(
        metrics["chance_average_precision"], rel=0.15
    )
