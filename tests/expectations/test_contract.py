from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.config import BalanceConfig
from counterpoise.errors import ColumnNotFoundError, ContractError, InputError
from counterpoise.expectations.contract import build_contract, rows_for_neighbors
from counterpoise.records import Validation
from counterpoise.split import partition_targets
from counterpoise.validate import validate_snapshot
from tests.snapshots import engine_config, mixed_table, snapshot_of


def labelled(labels: list[Any], **columns: Any) -> pa.Table:
    return pa.table({"x": np.arange(len(labels)) / 4, **columns, "label": labels})


def check(table: pa.Table, folder: Path, **sections: Any) -> Validation:
    config = engine_config(folder, **sections)
    snapshot = snapshot_of(table, folder)
    contract = build_contract(config, snapshot)
    return validate_snapshot(snapshot, [contract], config=config.validation, folder=folder / "validation")


def statuses(validation: Validation) -> set[str]:
    return {outcome.status for outcome in validation.outcomes}


def test_sound_data_of_every_type_keep_the_contract(tmp_path: Path) -> None:
    validation = check(mixed_table(2000), tmp_path, resampling={"strategy": "smote"})
    assert statuses(validation) == {"passed"}
    assert validation.rejected_rows == 0
    assert all(outcome.source == "contract" and outcome.notes for outcome in validation.outcomes)


def test_a_missing_target_is_named_with_a_suggestion(tmp_path: Path) -> None:
    with pytest.raises(ColumnNotFoundError, match=r"columns\.target.*perhaps 'label' for 'labl'"):
        check(mixed_table(100), tmp_path, columns={"target": "labl"})


def test_another_missing_column_is_named_with_its_field(tmp_path: Path) -> None:
    with pytest.raises(ColumnNotFoundError, match=r"columns\.ids: 'idd'"):
        check(mixed_table(100), tmp_path, columns={"target": "label", "ids": ["idd"]})


def test_a_table_of_a_label_alone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at least one feature"):
        check(pa.table({"label": [0, 1]}), tmp_path)


def test_no_rows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="no_rows"):
        check(mixed_table(10).slice(0, 0), tmp_path)


@pytest.mark.parametrize("labels", [["yes"] * 50, [1.0] * 49 + [float("nan")], [True] * 49 + [None]])
def test_one_class_is_refused(labels: list[Any], tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"on 'label': 1\. .*columns\.target") as caught:
        check(labelled(labels), tmp_path)
    assert caught.value.reason == "single_class"
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("labels", "shown"),
    [
        (["no"] * 50 + ["yes"], "class 'yes' has 1 row"),
        ([0] * 50 + [1] * 2, "class '1' has 2 rows"),
        ([False] * 50 + [True], "class 'true' has 1 row"),
        (["a"] * 50 + ["b"] + ["c"] * 2, "class 'b' has 1 row, class 'c' has 2 rows"),
    ],
)
def test_a_class_too_small_for_three_partitions_is_refused(labels: list[Any], shown: str, tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"split\.rare_classes to train_only or reject") as caught:
        check(labelled(labels), tmp_path)
    assert caught.value.reason == "class_too_small_for_split"
    assert shown in caught.value.found


@pytest.mark.parametrize("policy", ["train_only", "reject"])
def test_a_rare_class_that_the_split_copes_with_is_a_warning(policy: str, tmp_path: Path) -> None:
    validation = check(labelled(["no"] * 50 + ["yes"] * 2 + ["so"] * 20), tmp_path, split={"rare_classes": policy})
    (failed,) = [outcome for outcome in validation.outcomes if outcome.status == "failed"]
    assert (failed.severity, failed.observed) == ("warning", "class 'yes' has 2 rows")


def smote(**resampling: Any) -> dict[str, Any]:
    return {"resampling": {"strategy": "smote", **resampling}}


def test_the_advised_strategy_asks_for_no_neighbours_because_it_goes_by_the_rows(tmp_path: Path) -> None:
    few = labelled(["no"] * 90 + ["yes"] * 4)
    assert statuses(check(few, tmp_path, resampling={"strategy": "auto"})) == {"passed"}


def test_a_class_with_too_few_neighbours_in_train_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"class 'yes' has 8 rows.*k_neighbors \(now 5\).*lower_k") as caught:
        check(labelled(["no"] * 90 + ["yes"] * 8), tmp_path, **smote())
    assert caught.value.reason == "class_too_small_for_sampler"
    assert check(labelled(["no"] * 90 + ["yes"] * 10), tmp_path / "enough", **smote()).success


@pytest.mark.parametrize(
    "sections",
    [
        smote(k_neighbors=3),
        smote(ratio=0.05),
        {"resampling": {"strategy": "random_over"}},
    ],
    ids=["fewer neighbours", "nothing to make", "no neighbours"],
)
def test_neighbours_count_only_where_they_are_needed(sections: dict[str, Any], tmp_path: Path) -> None:
    assert "failed" not in statuses(check(labelled(["no"] * 90 + ["yes"] * 8), tmp_path, **sections))


@pytest.mark.parametrize("policy", ["lower_k", "random_over"])
def test_too_few_neighbours_that_the_sampler_copes_with_are_a_warning(policy: str, tmp_path: Path) -> None:
    validation = check(labelled(["no"] * 90 + ["yes"] * 8), tmp_path, **smote(too_few_neighbors=policy))
    assert [outcome.severity for outcome in validation.outcomes if outcome.status == "failed"] == ["warning"]


def test_a_rejected_rare_class_needs_no_neighbours(tmp_path: Path) -> None:
    table = labelled(["no"] * 90 + ["yes"] * 20 + ["so"] * 2)
    validation = check(table, tmp_path, split={"rare_classes": "reject"}, **smote())
    failed = [outcome.expectation for outcome in validation.outcomes if outcome.status == "failed"]
    assert failed == ["expect_column_class_rows_to_be_at_least(min_rows=3)"]


def test_a_rare_class_kept_in_train_needs_neighbours(tmp_path: Path) -> None:
    table = labelled(["no"] * 90 + ["yes"] * 20 + ["so"] * 2)
    with pytest.raises(ContractError, match="class 'so' has 2 rows"):
        check(table, tmp_path, split={"rare_classes": "train_only"}, **smote())


@given(st.integers(1, 30), st.floats(0.05, 0.45), st.floats(0.05, 0.45))
def test_the_fewest_rows_leave_exactly_enough_neighbours_in_train(k: int, test: float, validation: float) -> None:
    config = BalanceConfig.model_validate(
        {
            "name": "n",
            "source": {"path": "p"},
            "columns": {"target": "label"},
            "split": {"test_size": test, "validation_size": validation},
            "resampling": {"strategy": "smote", "k_neighbors": k},
        }
    )
    rows = rows_for_neighbors(config)
    shares = (1 - validation - test, validation, test)
    assert partition_targets(rows, shares)[0] > k
    assert rows == k + 1 or partition_targets(rows - 1, shares)[0] <= k


def test_rows_without_a_label_are_set_apart(tmp_path: Path) -> None:
    labels = [*(["no", "yes"] * 20), None, "no"]
    validation = check(labelled(labels), tmp_path)
    assert pq.read_table(validation.rejects_file).to_pylist() == [
        {"source_row": 40, "reason": "expect_column_values_to_not_be_null", "column": "label", "value": None}
    ]


def test_rows_without_a_label_stop_where_asked(tmp_path: Path) -> None:
    labels = [*(["no", "yes"] * 20), None]
    with pytest.raises(ContractError, match=r"1 of 41 do not hold.*on_invalid_rows to quarantine") as caught:
        check(labelled(labels), tmp_path, validation={"on_invalid_rows": "stop"})
    assert caught.value.reason == "null_label"


def test_rows_with_an_infinite_feature_are_set_apart(tmp_path: Path) -> None:
    values = [1.0, float("inf"), None, float("nan"), float("-inf"), *[2.0] * 45]
    single = pa.array([*[0.0] * 49, float("inf")], pa.float32())
    validation = check(labelled(["no", "yes"] * 25, f=values, single=single), tmp_path)
    found = pq.read_table(validation.rejects_file).to_pylist()
    assert [(row["source_row"], row["column"], row["value"]) for row in found] == [
        (1, "f", "inf"),
        (4, "f", "-inf"),
        (49, "single", "inf"),
    ]
    assert {row["reason"] for row in found} == {"expect_column_values_to_not_be_infinite"}


def test_infinite_values_outside_the_features_do_not_matter(tmp_path: Path) -> None:
    table = labelled(["no", "yes"] * 25, f=[float("inf")] * 50)
    assert check(table, tmp_path, columns={"target": "label", "drop": ["f"]}).rejected_rows == 0


@pytest.mark.parametrize("empty", [pa.nulls(50), pa.nulls(50, pa.float64()), pa.array([float("nan")] * 50)])
def test_an_entirely_missing_feature_is_refused_once(empty: pa.Array, tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"on 'gone': 0\.0\. .*columns\.drop") as caught:
        check(labelled(["no", "yes"] * 25, gone=empty), tmp_path)
    assert caught.value.reason == "feature_entirely_missing"
    assert len(caught.value.values["failed"]) == 1


def test_an_entirely_missing_column_that_is_dropped_does_not_matter(tmp_path: Path) -> None:
    table = labelled(["no", "yes"] * 25, gone=pa.nulls(50))
    assert check(table, tmp_path, columns={"target": "label", "drop": ["gone"]}).success


def test_names_with_markup_blanks_and_quotes_are_only_names(tmp_path: Path) -> None:
    name = "<script>alert('x')</script> [%]`"
    table = pa.table({name: [*range(49), None], "label": ["no", "yes"] * 25})
    validation = check(table, tmp_path)
    assert (name,) in {outcome.columns for outcome in validation.outcomes}
