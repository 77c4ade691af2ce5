from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from prefect import flow

from counterpoise.config import BalanceConfig, build_config
from counterpoise.drift import SourceProfile
from counterpoise.errors import ContractError, CounterpoiseError, EvaluationError
from counterpoise.records import Snapshot, SplitPlan, Validation
from counterpoise.split import split_snapshot
from counterpoise.table import read_arrow, write_arrow
from counterpoise.tasks.validate import validate, validate_split
from tests.snapshots import engine_config, mixed_table, snapshot_of
from tests.tasks.stored import stored_artifact, stored_event

SUITE = {
    "name": "tested",
    "expectations": [
        {
            "type": "expect_column_values_to_be_between",
            "kwargs": {"column": "small", "min_value": 0, "max_value": 7},
            "severity": "critical",
        }
    ],
}


def one_class(folder: Path) -> Snapshot:
    return snapshot_of(pa.table({"x": range(100), "label": ["only"] * 100}), folder)


def test_the_contract_holds_for_an_ordinary_table(tmp_path: Path) -> None:
    snapshot = snapshot_of(mixed_table(500), tmp_path)
    validation = validate.fn(engine_config(tmp_path), snapshot, folder=tmp_path / "run")
    assert validation.success
    assert validation.rejected_rows == 0
    assert {outcome.source for outcome in validation.outcomes} == {"contract"}


def test_rows_that_break_the_users_suite_are_set_apart(tmp_path: Path) -> None:
    (tmp_path / "suite.json").write_text(json.dumps(SUITE))
    table = mixed_table(500)
    settings = {"suite": str(tmp_path / "suite.json"), "max_rejected": 0.5}
    config = engine_config(tmp_path, validation=settings)
    validation = validate.fn(config, snapshot_of(table, tmp_path), folder=tmp_path / "run")
    assert validation.rejected_rows == sum(value == 8 for value in table["small"].to_pylist())
    assert validation.rejected_rows > 0


def test_a_table_that_breaks_the_contract_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="single_class"):
        validate.fn(engine_config(tmp_path), one_class(tmp_path), folder=tmp_path / "run")


def table_with_amounts(wrong: float | None = None) -> pa.Table:
    """Return a table whose positives have amounts; with `wrong`, two of them have that one instead."""
    table = mixed_table(500)
    amount = np.random.default_rng(0).lognormal(2, 1, 500).round(2)
    positive = np.array(table["label"].to_pylist()) == 1
    amount[np.flatnonzero(~positive)[:5]] = -1.0  # only the cost of positives counts
    if wrong is not None:
        amount[np.flatnonzero(positive)[:2]] = wrong
    return table.append_column("amount", pa.array(amount))


@pytest.mark.parametrize(
    ("evaluation", "found"),
    [
        ({"cost_column": "amuont"}, "perhaps 'amount'"),
        ({"cost_column": "word"}, "evaluation.cost_column: name a column of numbers"),
        ({"slices": ["word", "id"]}, "values that identify rows"),
        ({"positive_class": "2"}, "the classes are '0', '1'"),
    ],
)
def test_a_wrong_column_or_class_is_refused_before_anything_is_split(
    tmp_path: Path, evaluation: dict[str, Any], found: str
) -> None:
    config = engine_config(tmp_path, evaluation=evaluation)
    with pytest.raises(CounterpoiseError, match=found):
        validate.fn(config, snapshot_of(table_with_amounts(), tmp_path), folder=tmp_path / "run")


@pytest.mark.parametrize("wrong", [-3.0, float("nan"), float("inf")])
def test_positives_without_a_cost_are_refused_unless_a_suite_rejects_them(tmp_path: Path, wrong: float) -> None:
    snapshot = snapshot_of(table_with_amounts(wrong), tmp_path)
    asked = {"columns": {"target": "label", "drop": ["id"]}, "evaluation": {"cost_column": "amount"}}
    infinite = wrong == float("inf")  # the contract rejects rows with infinite values
    if not infinite:
        with pytest.raises(EvaluationError, match=r"positives of the source, (2|0 of them without a cost and 2)"):
            validate.fn(engine_config(tmp_path, **asked), snapshot, folder=tmp_path / "refused")
    suite = {
        "name": "amounts",
        "expectations": [
            {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "amount"}},
            {"type": "expect_column_values_to_be_between", "kwargs": {"column": "amount", "min_value": 0}},
        ],
    }
    (tmp_path / "suite.json").write_text(json.dumps(suite))
    config = engine_config(tmp_path, **asked, validation={"suite": str(tmp_path / "suite.json")})
    validation = validate.fn(config, snapshot, folder=tmp_path / "run")
    assert validation.rejected_rows == 2 + 5


def run_refused(folder: Path, *, name: str) -> None:
    """Validate a table of one class within a flow run, under the dataset's name."""
    config = build_config({**engine_config(folder).published(), "name": name})
    snapshot = one_class(folder)

    @flow
    def refuses() -> None:
        validate(config, snapshot, folder=folder / "run")

    with pytest.raises(ContractError, match="single_class"):
        refuses()


def test_the_failed_expectations_of_a_refused_run_are_shown(tmp_path: Path) -> None:
    run_refused(tmp_path, name="refused-here")
    artifact = stored_artifact("refused-here-validation")
    assert artifact is not None
    (row, *_) = json.loads(str(artifact.data))
    assert row["result"] == "✗ failed"
    assert (row["columns"], row["severity"], row["source"]) == ("label", "critical", "contract")


def test_a_refused_run_emits_an_event_that_automations_can_wait_for(tmp_path: Path) -> None:
    run_refused(tmp_path, name="refused-event")
    event = stored_event("counterpoise.validation.failed", "refused-event")
    payload = event["payload"]
    assert (payload["checked"], payload["reason"]) == ("source", "single_class")
    assert payload["failed"][0]["columns"] == ["label"]
    assert any(related["prefect.resource.role"] == "flow-run" for related in event["related"])


def test_a_validated_snapshot_leaves_a_profile_for_the_next_one(tmp_path: Path) -> None:
    validation = validate.fn(engine_config(tmp_path), snapshot_of(mixed_table(500), tmp_path), folder=tmp_path / "run")
    profile = SourceProfile.model_validate_json(Path(validation.profile_file).read_text())
    assert profile.rows == 500
    assert validation.baseline == 0


def test_the_split_is_held_against_its_promises(tmp_path: Path) -> None:
    config, snapshot, validation, plan = split_run(tmp_path)
    checked = validate_split.fn(config, snapshot, validation, plan, folder=tmp_path / "run")
    added = checked.outcomes[len(validation.outcomes) :]
    assert {(outcome.source, outcome.status) for outcome in added} == {("partitions", "passed")}
    kinds = [outcome.expectation.split("(")[0] for outcome in added]
    assert kinds.count("expect_column_pair_values_to_be_disjoint_between_partitions") == 2
    assert kinds.count("expect_column_class_proportions_to_be_between") == 3


def test_a_split_that_tears_equal_rows_apart_is_refused_with_an_event(tmp_path: Path) -> None:
    config, snapshot, validation, plan = split_run(tmp_path, name="torn")
    table = read_arrow(plan.file)
    torn = np.arange(len(table)) % 3
    write_arrow(Path(plan.file), table.set_column(0, "partition", pa.array(torn, pa.int8())))

    @flow
    def refuses() -> None:
        validate_split(config, snapshot, validation, plan, folder=tmp_path / "run")

    with pytest.raises(ContractError, match="partitions_overlap"):
        refuses()
    assert stored_event("counterpoise.validation.failed", "torn")["payload"]["checked"] == "partitions"


def split_run(folder: Path, name: str = "tested") -> tuple[BalanceConfig, Snapshot, Validation, SplitPlan]:
    """Split a table whose rows come in pairs and in groups."""
    table = mixed_table(300).append_column("team", pa.array([f"t{row // 2}" for row in range(300)]))
    doubled = pa.concat_tables([table, table])
    columns = {"target": "label", "ids": ["id"], "group": "team"}
    config = build_config({**engine_config(folder).published(), "name": name, "columns": columns})
    snapshot = snapshot_of(doubled, folder)
    validation = Validation(success=True, outcomes=())
    plan = split_snapshot(
        snapshot, columns=config.columns, config=config.split, validation=validation, seed=0, folder=folder / "split"
    )
    return config, snapshot, validation, plan
