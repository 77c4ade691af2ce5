from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from counterpoise.expectations.contract import build_contract
from counterpoise.results import ResampledOutcome, SyntheticReview
from counterpoise.synthetic._revalidate import ResampledTrain, validate_resampled
from counterpoise.synthetic._review import review_synthetic_rows
from counterpoise.validate import Suite
from tests.snapshots import EngineRun, mixed_table, snapshot_of
from tests.synthetic.conftest import SMOTE, published
from tests.validate import every_expectation

MakeRun = Callable[..., EngineRun]
Expectation = dict[str, Any]

COLUMNS = {"target": "label", "ids": ["id"]}


def rule(kind: str, *, severity: str = "critical", **kwargs: Any) -> Expectation:
    return {"type": kind, "kwargs": kwargs, "severity": severity}


TOGETHER = rule(
    "expect_column_pair_values_to_be_in_set",
    column_A="code",
    column_B="says",
    value_pairs_set=[[0, "low"], [10, "high"]],
)


def suite(*expectations: Expectation) -> Suite:
    return Suite(source="suite", expectations=expectations)


def reviewed(run: EngineRun, *expectations: Expectation, contract: bool = False) -> SyntheticReview:
    suites = [build_contract(run.config, run.snapshot)] if contract else []
    review = review_synthetic_rows(
        run.config, snapshot=run.snapshot, split=run.split, version=run.version, suites=[*suites, suite(*expectations)]
    )
    assert review is not None
    return review


def outcomes_on(
    table: pa.Table, folder: Path, expectations: Sequence[Expectation], *, synthetic: np.ndarray | None = None
) -> tuple[ResampledOutcome, ...]:
    train = ResampledTrain(
        snapshot=snapshot_of(table, folder, group_rows=7),
        synthetic=np.zeros(table.num_rows, bool) if synthetic is None else synthetic,
        source_columns=tuple(table.schema.names),
    )
    return validate_resampled(train, [suite(*expectations)])


def coded_table(rows: int) -> pa.Table:
    """Return a mixed table in which a number and a word always go together."""
    high = np.random.default_rng(1).random(rows) < 0.5
    table = mixed_table(rows, share=0.2)
    table = table.append_column("code", pa.array(np.where(high, 10, 0)))
    return table.append_column("says", pa.array(np.where(high, "high", "low")))


def test_a_range_that_holds_for_integers_holds_after_smote(smote_run: MakeRun) -> None:
    run = smote_run(coded_table(1500), columns=COLUMNS)
    review = reviewed(run, rule("expect_column_values_to_be_between", column="small", min_value=0, max_value=8))
    (outcome,) = review.outcomes
    assert outcome.status == "passed"
    assert outcome.checked == run.version.partitions["train"].rows
    assert outcome.unexpected_synthetic is None
    assert review.broken == ()


def test_a_rule_between_columns_is_broken_by_synthetic_rows_and_these_are_counted(smote_run: MakeRun) -> None:
    run = smote_run(coded_table(1500), columns=COLUMNS, resampling={**SMOTE, "grid": False})
    (outcome,) = reviewed(run, TOGETHER).broken
    train = published(run.version).to_arrow("train")
    code, says = train["code"].to_numpy(), np.array(train["says"].to_pylist())
    broken = ~(((code == 0) & (says == "low")) | ((code == 10) & (says == "high")))
    assert outcome.unexpected == outcome.unexpected_synthetic == broken.sum() > 0
    assert outcome.unexpected_original == 0


def test_a_code_and_its_word_stay_together(smote_run: MakeRun) -> None:
    review = reviewed(smote_run(coded_table(1500), columns=COLUMNS), TOGETHER)
    assert review.broken == ()
    assert [outcome.status for outcome in review.outcomes] == ["passed"]


def test_rows_of_the_source_that_break_a_warning_are_told_apart_from_synthetic_ones(smote_run: MakeRun) -> None:
    run = smote_run(mixed_table(1500, share=0.2), columns=COLUMNS)
    warning = rule("expect_column_values_to_be_between", severity="warning", column="x", max_value=1)
    (outcome,) = reviewed(run, warning).outcomes
    version = published(run.version)
    above = pc.fill_null(pc.greater(version.to_arrow("train")["x"], 1), False).to_numpy()
    synthetic = pc.equal(version.to_arrow("keys/train")["origin"], "synthetic").to_numpy()
    assert outcome.status == "failed"
    assert outcome.severity == "warning"
    assert outcome.unexpected_synthetic == (above & synthetic).sum() > 0
    assert outcome.unexpected_original == (above & ~synthetic).sum() > 0


def test_the_contract_holds_and_what_it_says_of_the_table_is_left_out(smote_run: MakeRun) -> None:
    review = reviewed(smote_run(mixed_table(900, share=0.2), columns=COLUMNS), contract=True)
    asked = {outcome.expectation for outcome in review.outcomes if not outcome.left_out}
    assert asked == {
        "expect_column_to_exist",
        "expect_column_values_to_not_be_null",
        "expect_column_values_to_not_be_infinite",
    }
    assert review.broken == ()
    assert all(outcome.notes.startswith("Left out: it") for outcome in review.outcomes if outcome.left_out)


@pytest.mark.parametrize(
    ("expectation", "reason"),
    [
        (rule("expect_column_values_to_be_unique", column="id"), "uses 'id'"),
        (rule("expect_column_values_to_be_unique", column="x"), "uniqueness"),
        (rule("expect_compound_columns_to_be_unique", column_list=["x", "flag"]), "uniqueness"),
        (rule("expect_column_values_to_be_increasing", column="x"), "order"),
        (rule("expect_column_values_to_be_of_type", column="x", type_="float64"), "type"),
        (rule("expect_column_value_z_scores_to_be_less_than", column="x", threshold=3), "distribution"),
        (rule("expect_column_mean_to_be_between", column="x", max_value=9), "column as a whole"),
        (rule("expect_column_max_to_be_between", column="x", min_value=0), "column as a whole"),
        (rule("expect_column_class_proportions_to_be_between", column="label", bands={"1": [0, 1]}), "shares"),
        (rule("expect_table_row_count_to_equal", value=900), "table as a whole"),
        (rule("expect_table_columns_to_match_set", column_set=["id"]), "table as a whole"),
        (
            rule(
                "expect_column_values_to_not_be_null",
                column="x",
                row_condition={"type": "nullity", "column": {"name": "id"}, "is_null": False},
            ),
            "uses 'id'",
        ),
        (rule("expect_column_values_to_not_be_null", column="gone"), "uses 'gone'"),
    ],
    ids=lambda value: value["type"] if isinstance(value, dict) else "",
)
def test_rules_that_say_nothing_of_resampled_rows_are_left_out_with_the_reason(
    tmp_path: Path, expectation: Expectation, reason: str
) -> None:
    from counterpoise.expectations.registration import register_expectations

    register_expectations()
    table = mixed_table(60)
    train = ResampledTrain(
        snapshot=snapshot_of(table.drop_columns(["id"]), tmp_path),
        synthetic=np.zeros(60, bool),
        source_columns=tuple(table.schema.names),
    )
    (outcome,) = validate_resampled(train, [suite(expectation)])
    assert outcome.left_out
    assert outcome.status == "nothing_checked"
    assert reason in outcome.notes


@pytest.mark.parametrize(
    "expectation",
    [
        rule("expect_column_distinct_values_to_be_in_set", column="whole", value_set=[0, 1, 2, 3]),
        rule("expect_column_max_to_be_between", column="whole", min_value=0, max_value=3),
        rule("expect_column_min_to_be_between", column="whole", min_value=1, max_value=2),
    ],
    ids=lambda value: str(value["type"]),
)
def test_bounds_and_sets_of_a_column_are_asked_of_each_row(tmp_path: Path, expectation: Expectation) -> None:
    table = every_expectation.table()
    synthetic = np.arange(60) >= 30
    (outcome,) = outcomes_on(table, tmp_path, [expectation], synthetic=synthetic)
    broken = 0 if "min" in expectation["type"] else 4
    rows = pc.fill_null(pc.equal(table["whole"], broken), False).to_numpy()
    assert outcome.status == "failed"
    assert outcome.expectation.startswith(expectation["type"])
    assert outcome.unexpected_synthetic == rows[30:].sum()
    assert outcome.unexpected_original == rows[:30].sum()


@pytest.mark.parametrize("seed", range(3))
def test_a_rule_that_is_asked_again_and_held_for_all_rows_holds_for_any_of_them(tmp_path: Path, seed: int) -> None:
    passing = [each for each in every_expectation.EXPECTATIONS[::2] if "mostly" not in each["kwargs"]]
    whole = outcomes_on(every_expectation.table(), tmp_path / "all", passing)
    rows = np.sort(np.random.default_rng(seed).choice(60, 30, replace=False))
    part = outcomes_on(every_expectation.table().take(pa.array(np.repeat(rows, 2))), tmp_path / "part", passing)
    asked = [index for index, outcome in enumerate(part) if not outcome.left_out]
    assert len(asked) > 15
    for index in asked:
        assert whole[index].status == "passed", whole[index]
        assert part[index].status == "passed", part[index]


def test_a_rule_that_cannot_be_answered_is_an_error_and_stops_nothing(tmp_path: Path) -> None:
    (outcome,) = outcomes_on(
        every_expectation.table(),
        tmp_path,
        [rule("expect_column_values_to_be_between", column="word", min_value=1)],
    )
    assert outcome.status == "error"
    assert outcome.unexpected_synthetic is None


def test_a_version_without_synthetic_rows_is_not_reviewed(smote_run: MakeRun) -> None:
    run = smote_run(mixed_table(600), resampling={"strategy": "random_over"})
    review = review_synthetic_rows(
        run.config, snapshot=run.snapshot, split=run.split, version=run.version, suites=[suite()]
    )
    assert review is None


def test_the_review_survives_json(smote_run: MakeRun) -> None:
    review = reviewed(smote_run(mixed_table(600, share=0.2), columns=COLUMNS), contract=True)
    assert SyntheticReview.model_validate_json(review.model_dump_json()) == review
