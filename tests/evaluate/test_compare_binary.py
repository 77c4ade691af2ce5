from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn import metrics as reference

from counterpoise.config import EvaluationConfig
from counterpoise.errors import ColumnNotFoundError, ConfigError, EvaluationError
from counterpoise.evaluate._arms import train_arms
from counterpoise.evaluate._compare import compare_strategies
from counterpoise.evaluate._tables import EvaluationTables, read_label_codes

pytestmark = pytest.mark.slow

_QUICK = EvaluationConfig(learners=("logistic_regression",), bootstrap=200)


def _arm(metrics: dict[str, Any], learner: str, strategy: str) -> dict[str, Any]:
    return next(arm for arm in metrics["arms"] if (arm["learner"], arm["strategy"]) == (learner, strategy))


@pytest.fixture(scope="module")
def tables(split_tables: Callable[..., EvaluationTables], signal_table: Any) -> EvaluationTables:
    return split_tables(signal_table(), "label")


@pytest.fixture(scope="module")
def metrics(tables: EvaluationTables) -> dict[str, Any]:
    return compare_strategies(tables, strategy="random_over", config=EvaluationConfig(bootstrap=200), seed=3)


def test_the_record_is_json_and_holds_every_arm_and_the_dummy(metrics: dict[str, Any]) -> None:
    assert json.loads(json.dumps(metrics, allow_nan=False)) == metrics
    assert [(arm["learner"], arm["strategy"]) for arm in metrics["arms"]] == [
        ("dummy", "none"),
        ("logistic_regression", "none"),
        ("hist_gradient_boosting", "none"),
        ("logistic_regression", "random_over"),
        ("hist_gradient_boosting", "random_over"),
    ]
    assert metrics["positive_class"] == "yes"
    assert metrics["rows"]["test"]["classes"] == {"no": 360, "yes": 40}


def test_metrics_equal_those_of_scikit_learn_on_the_same_predictions(
    tables: EvaluationTables, metrics: dict[str, Any]
) -> None:
    codes = read_label_codes(tables)
    predictions = next(iter(train_arms(tables, codes, strategies=("none",), learners=("logistic_regression",), seed=3)))
    assert hasattr(predictions, "test")
    scores, truth = predictions.test[:, 1], codes.test == 1
    arm = _arm(metrics, "logistic_regression", "none")
    called = scores >= arm["threshold"]
    assert arm["test"]["average_precision"] == pytest.approx(reference.average_precision_score(truth, scores))
    assert arm["test"]["roc_auc"] == pytest.approx(reference.roc_auc_score(truth, scores))
    assert arm["test"]["brier"] == pytest.approx(reference.brier_score_loss(truth, scores))
    assert arm["test"]["log_loss"] == pytest.approx(reference.log_loss(truth, scores))
    assert arm["test"]["f1"] == pytest.approx(reference.f1_score(truth, called))
    assert arm["test"]["mcc"] == pytest.approx(reference.matthews_corrcoef(truth, called))
    (right, false), (missed, true) = reference.confusion_matrix(truth, called)
    assert arm["confusion"] == {
        "true_positives": true,
        "false_positives": false,
        "false_negatives": missed,
        "true_negatives": right,
    }


def test_the_dummy_ranks_by_chance(metrics: dict[str, Any]) -> None:
    dummy = _arm(metrics, "dummy", "none")
    assert dummy["test"]["average_precision"] == pytest.approx(metrics["chance_average_precision"]) == 0.1
    assert dummy["test"]["roc_auc"] == 0.5
    assert metrics["majority_accuracy"] == 0.9


def test_estimates_lie_in_their_intervals(metrics: dict[str, Any]) -> None:
    for arm in metrics["arms"][1:]:
        for metric, interval in arm["intervals"].items():
            assert interval["low"] <= arm["test"][metric] <= interval["high"], metric


def test_differences_are_those_of_the_arms(metrics: dict[str, Any]) -> None:
    for comparison in metrics["comparisons"]:
        arms = [_arm(metrics, comparison["learner"], name)["test"] for name in ("random_over", "none")]
        for metric, change in comparison["differences"].items():
            assert change["difference"] == pytest.approx(arms[0][metric] - arms[1][metric])
            assert change["low"] <= change["high"]


def test_paired_differences_are_known_better_than_unpaired_ones(metrics: dict[str, Any]) -> None:
    comparison = metrics["comparisons"][0]
    change = comparison["differences"]["average_precision"]
    arm = _arm(metrics, comparison["learner"], "none")["intervals"]["average_precision"]
    assert change["high"] - change["low"] < arm["high"] - arm["low"]


def test_the_same_seed_gives_the_same_record_and_another_one_other_intervals(tables: EvaluationTables) -> None:
    runs = [compare_strategies(tables, strategy="random_over", config=_QUICK, seed=seed) for seed in (1, 1, 2)]
    assert runs[0] == runs[1]
    assert runs[0]["arms"][1]["intervals"] != runs[2]["arms"][1]["intervals"]


def test_the_threshold_does_not_depend_on_test_labels(tables: EvaluationTables) -> None:
    flipped = tables.test.set_column(2, "label", pa.array(tables.test.column("label").to_pylist()[::-1]))
    other = EvaluationTables(
        tables.train_natural, tables.train_resampled, tables.validation, flipped, "label", tables.natural_rows
    )
    found = [compare_strategies(table, strategy="random_over", config=_QUICK, seed=1) for table in (tables, other)]
    assert [arm["threshold"] for arm in found[0]["arms"]] == [arm["threshold"] for arm in found[1]["arms"]]
    assert found[0]["arms"][1]["test"] != found[1]["arms"][1]["test"]


def test_noise_labels_leave_average_precision_at_the_prevalence(split_tables: Any, signal_table: Any) -> None:
    tables = split_tables(signal_table(6_000, strength=0.0), "label")
    metrics = compare_strategies(tables, strategy="random_over", config=EvaluationConfig(bootstrap=400), seed=0)
    for arm in metrics["arms"][1:]:
        interval = arm["intervals"]["average_precision"]
        assert interval["low"] <= metrics["chance_average_precision"] <= interval["high"]
        assert arm["test"]["roc_auc"] == pytest.approx(0.5, abs=0.08)
    assert metrics["verdict_outcome"] == "no_difference"


def test_a_feature_that_is_the_label_ranks_perfectly(split_tables: Any, signal_table: Any) -> None:
    table = signal_table(1_500)
    table = table.append_column("leak", pa.array([label == "yes" for label in table.column("label").to_pylist()]))
    metrics = compare_strategies(
        split_tables(table, "label"), strategy="random_over", config=EvaluationConfig(bootstrap=50), seed=0
    )
    for arm in metrics["arms"][1:]:
        assert arm["test"]["average_precision"] == pytest.approx(1)
        assert arm["test"]["f1"] == 1


def test_every_trained_arm_tells_how_far_its_probabilities_can_be_believed(metrics: dict[str, Any]) -> None:
    assert _arm(metrics, "dummy", "none")["calibration"] is None
    for arm in metrics["arms"][1:]:
        found = arm["calibration"]
        assert (found["after"] is None) == (arm["strategy"] == "none")
        assert found["calibrator"]["method"] == found["published"]["method"]
        assert found["calibrated"]["against_own"].keys() <= {"brier", "log_loss", "expected_calibration_error"}
        assert (found["calibrator"]["rows"], found["calibrator"]["positives"]) == (400, 40)
        for kind in filter(None, (found["before"], found["after"], found["calibrated"])):
            assert kind["intervals"]["slope"]["low"] < kind["slope"] < kind["intervals"]["slope"]["high"]
            assert sum(part["rows"] for part in kind["reliability"]) == 400
    over = _arm(metrics, "logistic_regression", "random_over")["calibration"]
    assert over["before"]["intervals"]["in_the_large"]["high"] < -1.5
    assert over["after"]["in_the_large"] == pytest.approx(over["before"]["in_the_large"] + np.log(9), abs=1e-3)
    assert abs(over["after"]["in_the_large"]) < 0.5
    assert over["before"]["slope"] == pytest.approx(over["after"]["slope"], abs=1e-3)


def test_calibrator_and_threshold_do_not_depend_on_test_labels(tables: EvaluationTables) -> None:
    flipped = tables.test.set_column(2, "label", pa.array(tables.test.column("label").to_pylist()[::-1]))
    other = EvaluationTables(
        tables.train_natural, tables.train_resampled, tables.validation, flipped, "label", tables.natural_rows
    )
    found = [
        compare_strategies(table, strategy="random_over", config=_QUICK, seed=1)["correction"]["learners"]
        for table in (tables, other)
    ]
    parts = [learners["logistic_regression"]["calibrated"] for learners in found]
    for name in ("method", "parameters", "threshold_calibrated_scale"):
        assert parts[0][name] == parts[1][name]
    assert parts[0]["brier"] != parts[1]["brier"]


@pytest.mark.parametrize("method", ["own", "prior", "temperature", "sigmoid", "beta", "isotonic"])
def test_the_published_lines_decide_as_the_arm_does(tables: EvaluationTables, method: str) -> None:
    config = _QUICK.model_copy(update={"calibration": method})
    metrics = compare_strategies(tables, strategy="random_over", config=config, seed=3)
    correction = json.loads(json.dumps(metrics["correction"]))
    codes = read_label_codes(tables)
    arms = train_arms(tables, codes, strategies=("random_over",), learners=("logistic_regression",), seed=3)
    answers = next(iter(arms))
    assert hasattr(answers, "test")
    names: dict[str, Any] = {"c": correction, "q": answers.test[:, 1], "learner": "logistic_regression"}
    own = correction["learners"]["logistic_regression"]
    exec(correction["snippet"], names)  # noqa: S102  # our own lines, which users will paste
    exec(own["calibrated"]["snippet"], names)  # noqa: S102
    called = names["q"] >= own["threshold_training_scale"]
    assert names["p"].mean() == pytest.approx(own["after"]["mean_probability"], abs=1e-12)
    assert names["calibrated"].mean() == pytest.approx(own["calibrated"]["mean_probability"], abs=1e-12)
    assert ((names["p"] >= own["threshold_natural_scale"]) == called).all()
    assert (names["positive"] != called).sum() == own["calibrated"]["decided_otherwise"]
    if method != "isotonic":
        assert own["calibrated"]["decided_otherwise"] == 0
    assert own["calibrated"]["method"] == method
    assert own["published"]["why"] == "evaluation.calibration names it"


def test_without_a_calibrator_it_is_said_why(tables: EvaluationTables) -> None:
    config = _QUICK.model_copy(update={"calibration": "none"})
    metrics = compare_strategies(tables, strategy="random_over", config=config, seed=0)
    part = metrics["correction"]["learners"]["logistic_regression"]
    assert part["calibrated"] is None
    assert "evaluation.calibration" in part["calibrated_note"]
    assert metrics["arms"][1]["calibration"]["calibrated"] is None
    (cost,) = (point for point in metrics["arms"][1]["operating_points"] if point["rule"] == "cost")
    assert cost["by_formula"]["scale"] == "natural"


def test_fixed_costs_give_a_threshold_beside_the_tuned_one(metrics: dict[str, Any]) -> None:
    (cost,) = (point for point in metrics["arms"][3]["operating_points"] if point["rule"] == "cost")
    assert cost["by_formula"]["threshold"] == pytest.approx(1 / 11)
    assert cost["by_formula"]["scale"] == "calibrated"
    assert cost["by_formula"]["test"]["cost"] == pytest.approx(cost["test"]["cost"], rel=0.3)


def test_the_threshold_can_follow_the_costs_and_what_cannot_be_kept_is_told(tables: EvaluationTables) -> None:
    config = _QUICK.model_copy(update={"threshold": "cost"})
    metrics = compare_strategies(tables, strategy="random_over", config=config, seed=0)
    assert metrics["threshold_rule"]["wanted"] == "least cost, 1 per false alarm and 10 per miss"
    for arm in metrics["arms"][1:]:
        (cost,) = (point for point in arm["operating_points"] if point["rule"] == "cost")
        assert (arm["threshold"], arm["threshold_rule"]) == (cost["threshold"], "cost")
    strict = _QUICK.model_copy(update={"threshold": "precision", "min_precision": 1.0})
    refused = compare_strategies(tables, strategy="random_over", config=strict, seed=0)
    for arm in refused["arms"]:
        unmet = arm["threshold_rule"] == "f1"
        assert unmet == any(note.startswith("no threshold gives a precision of 1") for note in arm["notes"])
    dummy = refused["arms"][0]
    assert dummy["threshold_rule"] == "f1"
    assert any(note.startswith("dummy, no resampling: no threshold gives") for note in refused["notes"])


@pytest.mark.parametrize("strategy", ["random_over", "random_under"])
def test_the_prior_correction_takes_the_mean_probability_back_to_the_prevalence(
    split_tables: Any, signal_table: Any, strategy: str
) -> None:
    tables = split_tables(signal_table(40_000, prevalence=0.05, strength=1.0), "label", strategy=strategy)
    found = compare_strategies(tables, strategy=strategy, config=_QUICK, seed=0)["correction"]
    assert found is not None
    assert (found["natural_prevalence"], found["training_prevalence"]) == (0.05, 0.5)
    part = found["learners"]["logistic_regression"]
    assert part["before"]["mean_probability"] > 0.25
    assert part["after"]["mean_probability"] == pytest.approx(0.05, rel=0.06)
    assert part["after"]["brier"] < part["before"]["brier"]
    assert part["threshold_natural_scale"] < part["threshold_training_scale"]
    assert sum(item["rows"] for item in part["after"]["reliability"]) == tables.test.num_rows


def test_correcting_changes_no_decision(tables: EvaluationTables, metrics: dict[str, Any]) -> None:
    part = metrics["correction"]["learners"]["logistic_regression"]
    odds = part["threshold_training_scale"] / (1 - part["threshold_training_scale"])
    corrected = part["threshold_natural_scale"] / (1 - part["threshold_natural_scale"])
    assert corrected / odds == pytest.approx(metrics["correction"]["odds_factor"])


def test_without_resampling_only_the_baseline_is_judged(tables: EvaluationTables) -> None:
    metrics = compare_strategies(tables, strategy="none", config=_QUICK, seed=0)
    assert [arm["strategy"] for arm in metrics["arms"]] == ["none", "none"]
    assert metrics["comparisons"] == []
    assert metrics["verdict_outcome"] == "baseline"
    assert metrics["correction"]["odds_factor"] == pytest.approx(1)


def test_few_positives_give_no_verdict(split_tables: Any, signal_table: Any) -> None:
    tables = split_tables(signal_table(1_000, prevalence=0.05), "label")
    metrics = compare_strategies(tables, strategy="random_over", config=_QUICK, seed=0)
    assert metrics["deciding_rows"] == 10 < metrics["verdict_floor"]
    assert metrics["verdict_outcome"] == "undecided"


def test_without_bootstrap_there_are_no_intervals(tables: EvaluationTables) -> None:
    config = EvaluationConfig(learners=("logistic_regression",), bootstrap=0)
    metrics = compare_strategies(tables, strategy="random_over", config=config, seed=0)
    assert all(arm["intervals"] == {} for arm in metrics["arms"])
    assert metrics["verdict_outcome"] == "undecided"


def test_the_class_of_interest_can_be_the_larger_one(tables: EvaluationTables) -> None:
    config = EvaluationConfig(learners=("logistic_regression",), bootstrap=50, positive_class="no")
    metrics = compare_strategies(tables, strategy="random_over", config=config, seed=0)
    assert metrics["chance_average_precision"] == 0.9
    assert (metrics["deciding_rows"], metrics["deciding_rows_are"]) == (40, "negatives")


def test_a_class_of_interest_that_does_not_exist_is_refused(tables: EvaluationTables) -> None:
    config = EvaluationConfig(learners=("logistic_regression",), positive_class="maybe")
    with pytest.raises(ConfigError, match="'maybe', while the classes are 'no', 'yes'"):
        compare_strategies(tables, strategy="random_over", config=config, seed=0)


@pytest.mark.parametrize(
    ("kind", "positive"),
    [(pa.bool_(), "true"), (pa.int64(), "1"), (pa.float64(), "1.0"), (pa.string(), "1"), (pa.decimal128(20, 1), "1.0")],
)
def test_labels_of_any_type_work(split_tables: Any, signal_table: Any, kind: pa.DataType, positive: str) -> None:
    table = signal_table(400)
    ones = pa.array([int(label == "yes") for label in table.column("label").to_pylist()])
    table = table.set_column(2, "label", ones.cast(kind))
    metrics = compare_strategies(split_tables(table, "label"), strategy="random_over", config=_QUICK, seed=0)
    assert metrics["positive_class"] == positive


def test_dictionary_labels_work_across_tables_with_different_dictionaries(split_tables: Any, signal_table: Any) -> None:
    table = signal_table(400)
    tables = split_tables(table.set_column(2, "label", table.column("label").dictionary_encode()), "label")
    decoded = tables.test.set_column(2, "label", tables.test.column("label").cast(pa.string()).dictionary_encode())
    other = EvaluationTables(tables.train_natural, tables.train_resampled, tables.validation, decoded, "label", 240)
    metrics = compare_strategies(other, strategy="random_over", config=_QUICK, seed=0)
    assert metrics["classes"] == ["no", "yes"]


def test_mixed_columns_with_missing_values_raise_no_warning(split_tables: Any, signal_table: Any) -> None:
    rng = np.random.default_rng(0)
    table = signal_table(600)
    table = (
        table.append_column("city", pa.array([None if row % 9 == 0 else f"c{row % 5}" for row in range(600)]))
        .append_column("many", pa.array([f"v{value}" for value in rng.integers(0, 200, 600)]))
        .append_column("empty", pa.nulls(600, pa.float64()))
        .append_column("flag", pa.array([None if row % 8 == 0 else row % 3 == 0 for row in range(600)]))
        .append_column("infinite", pa.array([float("inf") if row == 3 else float(row) for row in range(600)]))
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        metrics = compare_strategies(
            split_tables(table, "label"),
            strategy="random_over",
            config=EvaluationConfig(
                bootstrap=20, draws=1, learners=("logistic_regression", "hist_gradient_boosting", "random_forest")
            ),
            seed=0,
        )
    assert metrics["features"]["none"]["texts"] == 1
    assert {note.split(":")[0] for note in metrics["notes"]} <= {"no resampling", "random over-sampling"}
    assert any("infinite values" in note for note in metrics["notes"])


def test_notes_of_the_tables_are_carried_on(tables: EvaluationTables) -> None:
    told = EvaluationTables(
        tables.train_natural, tables.train_resampled, tables.validation, tables.test, "label", 9_999, ("a sample",)
    )
    metrics = compare_strategies(told, strategy="random_over", config=_QUICK, seed=0)
    assert metrics["notes"][0] == "a sample"
    assert metrics["natural_rows"] == 9_999


def test_progress_is_told_after_every_fit(tables: EvaluationTables) -> None:
    told: list[tuple[int, int]] = []
    compare_strategies(
        tables, strategy="random_over", config=_QUICK, seed=0, progress=lambda done, total: told.append((done, total))
    )
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_a_null_label_is_refused(tables: EvaluationTables) -> None:
    labels = [None, *tables.test.column("label").to_pylist()[1:]]
    test = tables.test.set_column(2, "label", pa.array(labels, pa.string()))
    broken = EvaluationTables(tables.train_natural, tables.train_resampled, tables.validation, test, "label", 1)
    with pytest.raises(EvaluationError, match="1 rows without one"):
        compare_strategies(broken, strategy="random_over", config=_QUICK, seed=0)


def test_an_empty_test_table_is_refused(tables: EvaluationTables) -> None:
    broken = EvaluationTables(
        tables.train_natural, tables.train_resampled, tables.validation, tables.test.slice(0, 0), "label", 1
    )
    with pytest.raises(EvaluationError, match="rows in the test table"):
        compare_strategies(broken, strategy="random_over", config=_QUICK, seed=0)


def test_a_single_class_is_refused() -> None:
    table = pa.table({"a": [1.0, 2.0], "label": ["x", "x"]})
    with pytest.raises(EvaluationError, match="at least two classes among the train rows"):
        compare_strategies(
            EvaluationTables(table, table, table, table, "label", 2), strategy="none", config=_QUICK, seed=0
        )


def test_a_strategy_that_deleted_a_class_is_refused(tables: EvaluationTables) -> None:
    left = tables.train_natural.filter(pa.compute.equal(tables.train_natural.column("label"), "no"))
    broken = EvaluationTables(tables.train_natural, left, tables.validation, tables.test, "label", 1)
    with pytest.raises(EvaluationError, match=r"at least two classes among the resampled train rows\. Found 1: no"):
        compare_strategies(broken, strategy="random_under", config=_QUICK, seed=0)


def test_a_missing_label_column_is_named() -> None:
    table = pa.table({"a": [1.0, 2.0], "lable": ["x", "y"]})
    with pytest.raises(ColumnNotFoundError, match="perhaps 'lable' for 'label'"):
        compare_strategies(
            EvaluationTables(table, table, table, table, "label", 2), strategy="none", config=_QUICK, seed=0
        )


def test_a_test_table_without_positives_gives_undefined_numbers_and_no_verdict(tables: EvaluationTables) -> None:
    negatives = tables.test.filter(pa.compute.equal(tables.test.column("label"), "no"))
    found = EvaluationTables(tables.train_natural, tables.train_resampled, negatives, negatives, "label", 1)
    metrics = compare_strategies(found, strategy="random_over", config=_QUICK, seed=0)
    assert metrics["arms"][1]["test"]["average_precision"] is None
    assert metrics["arms"][1]["threshold"] == 0.5
    assert metrics["verdict_outcome"] == "undecided"
    json.dumps(metrics, allow_nan=False)
