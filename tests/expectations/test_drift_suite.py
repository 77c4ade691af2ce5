from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from counterpoise.config import BalanceConfig
from counterpoise.drift import _profile as profiling
from counterpoise.drift import profile_source
from counterpoise.errors import ContractError, IntegrityError
from counterpoise.expectations.drift_suite import build_drift_suite
from counterpoise.expectations.suite_file import load_suite, write_suite
from counterpoise.persist import publish_version
from counterpoise.records import ExpectationOutcome, Validation
from counterpoise.resample import plan_resampling
from counterpoise.split import split_snapshot
from counterpoise.table import to_frame
from counterpoise.validate import load_engine, quiet, validate_snapshot
from counterpoise.versions import find_baseline, write_profile
from tests.snapshots import engine_config, snapshot_of


def feed(rows: int = 4_000, *, seed: int = 0, share: float = 0.1) -> pa.Table:
    rng = np.random.default_rng(seed)
    label = rng.random(rows) < share
    return pa.table(
        {
            "id": np.arange(rows) + seed * rows,
            "amount": rng.lognormal(3, 1, rows) + label * 20,
            "age": pa.array(rng.integers(18, 80, rows), mask=rng.random(rows) < 0.05),
            "kind": rng.choice(["a", "b", "c"], rows, p=[0.6, 0.3, 0.1]),
            "note": ["x"] * rows,
            "label": np.where(label, "yes", "no"),
        }
    )


def published(folder: Path, table: pa.Table | None = None, **settings: Any) -> BalanceConfig:
    """Publish version 1 from the table and return its configuration; that of the plain feed is published once."""
    columns = settings.pop("columns", {"target": "label", "ids": ["id"], "drop": ["note"]})
    resampling = {"strategy": "none"}
    config = engine_config(folder, columns=columns, resampling=resampling, validation=settings)
    if table is None:
        plain = folder.parent / "plain-feed"
        if not plain.exists():
            published(plain, feed())
        shutil.copytree(plain / "datasets", folder / "datasets")
        return config
    snapshot = snapshot_of(table, folder / "first")
    profile = write_profile(profile_source(snapshot, config.columns, config.split), folder / "validate")
    validation = Validation(success=True, outcomes=(), profile_file=profile)
    split = split_snapshot(
        snapshot, columns=config.columns, config=config.split, validation=validation, seed=0, folder=folder / "split"
    )
    plan = plan_resampling(
        snapshot, split, columns=config.columns, config=config.resampling, seed=0, folder=folder / "plan"
    )
    publish_version(config, snapshot=snapshot, validation=validation, split=split, resampling=plan)
    return config


def check(config: BalanceConfig, table: pa.Table, folder: Path) -> Validation:
    snapshot = snapshot_of(table, folder / "next")
    suite = build_drift_suite(config, snapshot)
    assert suite is not None
    return validate_snapshot(snapshot, [suite], config=config.validation, folder=folder / "validation")


def moved(validation: Validation) -> dict[str, ExpectationOutcome]:
    """Return what is not as before, by its columns and the expectation's name."""
    return {
        f"{', '.join(one.columns)}: {one.expectation.split('(')[0].removeprefix('expect_')}": one
        for one in validation.outcomes
        if one.status != "passed"
    }


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_another_sample_of_the_same_population_has_not_moved(seed: int, tmp_path: Path) -> None:
    validation = check(published(tmp_path), feed(seed=seed), tmp_path)
    assert moved(validation) == {}
    assert validation.baseline == 1
    assert {outcome.source for outcome in validation.outcomes} == {"drift"}


def test_the_same_source_and_a_first_delivery_are_not_compared(tmp_path: Path) -> None:
    config = published(tmp_path)
    same = snapshot_of(feed(), tmp_path / "same")
    assert build_drift_suite(config, same) is None
    first = config.model_copy(update={"name": "another"})
    assert build_drift_suite(first, snapshot_of(feed(seed=1), tmp_path / "next")) is None


def test_another_unit_stops_the_run_and_names_the_column(tmp_path: Path) -> None:
    table = feed(seed=1)
    scaled = table.set_column(1, "amount", pc.multiply(table["amount"], 100.0))
    with pytest.raises(ContractError, match=r"on 'amount': population stability index .* before, .* now") as caught:
        check(published(tmp_path), scaled, tmp_path)
    assert caught.value.reason == "distribution_changed"
    assert "validation.drift=report" in caught.value.remedy


def test_a_reported_drift_stops_nothing(tmp_path: Path) -> None:
    table = feed(seed=1)
    scaled = table.set_column(1, "amount", pc.multiply(table["amount"], 100.0))
    found = moved(check(published(tmp_path, drift="report"), scaled, tmp_path))
    assert set(found) == {
        "amount: column_population_stability_index_to_be_at_most",
        "amount, label: column_population_stability_index_to_be_at_most",
    }
    assert {outcome.severity for outcome in found.values()} == {"warning"}
    measured = found["amount: column_population_stability_index_to_be_at_most"].measured
    assert measured is not None
    assert measured > 1


def test_labels_shuffled_against_the_rows_are_seen_within_the_minority(tmp_path: Path) -> None:
    config = published(tmp_path, feed(20_000), drift="report")
    table = feed(20_000, seed=1)
    shuffled = np.random.default_rng(0).permutation(table["label"].to_numpy(zero_copy_only=False))
    found = moved(check(config, table.set_column(5, "label", pa.array(shuffled)), tmp_path))
    assert set(found) == {"amount, label: column_population_stability_index_to_be_at_most"}


def test_swapped_labels_stop_the_run(tmp_path: Path) -> None:
    table = feed(seed=1)
    swapped = pc.if_else(pc.equal(table["label"], "yes"), "no", "yes")
    with pytest.raises(ContractError, match=r"class 'yes' 0\.1.* before, 0\.[89].* now") as caught:
        check(published(tmp_path), table.set_column(5, "label", swapped), tmp_path)
    assert caught.value.reason == "classes_changed"


def test_a_class_twice_as_frequent_is_a_warning(tmp_path: Path) -> None:
    found = moved(check(published(tmp_path), feed(seed=1, share=0.2), tmp_path))
    assert found["label: column_class_proportions_to_stay"].severity == "warning"


def test_somewhat_fewer_rows_are_a_warning(tmp_path: Path) -> None:
    found = moved(check(published(tmp_path), feed(2_800, seed=1), tmp_path))
    assert found[": table_row_count_to_be_between"].severity == "warning"


@pytest.mark.parametrize("rows", [1_900, 8_000])
def test_half_or_twice_the_rows_stop_the_run(rows: int, tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="row_count_changed"):
        check(published(tmp_path), feed(rows, seed=1), tmp_path)


def test_missing_values_are_compared_overall_and_within_the_minority(tmp_path: Path) -> None:
    config = published(tmp_path)
    table = feed(seed=1)
    hidden = pc.if_else(pc.equal(table["label"], "yes"), None, table["age"])
    with pytest.raises(ContractError, match=r"'age', 'label': 100\.00% missing, .* before"):
        check(config, table.set_column(2, "age", hidden), tmp_path)


def test_a_new_renamed_or_retyped_column_stops_a_frozen_schema(tmp_path: Path) -> None:
    config = published(tmp_path)
    table = (
        feed(seed=1)
        .append_column("extra", pa.array([1] * 4_000))
        .rename_columns(["id", "amount_eur", "age", "kind", "note", "label", "extra"])
    )
    text = table.set_column(2, "age", pc.cast(table["age"], pa.string()))
    told = r"'amount' is missing; 'amount_eur' is new .*; 'extra' is new .*'age' was"
    with pytest.raises(ContractError, match=told) as caught:
        check(config, text, tmp_path)
    assert caught.value.reason == "schema_changed"
    assert "schema_changes=evolve" in caught.value.remedy


def test_an_evolving_schema_is_reported_and_compared_as_far_as_it_goes(tmp_path: Path) -> None:
    config = published(tmp_path, schema_changes="evolve")
    table = feed(seed=1).drop_columns(["age"]).append_column("extra", pa.array([1] * 4_000))
    found = moved(check(config, table, tmp_path))
    assert set(found) == {": table_schema_to_stay"}
    assert found[": table_schema_to_stay"].observed == "'age' is missing; 'extra' is new (int64)"


def test_columns_that_are_left_out_may_come_and_go(tmp_path: Path) -> None:
    config = published(tmp_path)
    columns = {"target": "label", "ids": ["id"], "drop": ["extra"]}
    later = BalanceConfig(**{**config.published(), "columns": columns})
    table = feed(seed=1).drop_columns(["note"]).append_column("extra", pa.array([1] * 4_000))
    assert moved(check(later, table, tmp_path)) == {}


def test_an_integer_column_that_gets_fractions_is_a_warning(tmp_path: Path) -> None:
    table = feed(seed=1)
    found = moved(check(published(tmp_path), table.set_column(2, "age", pc.cast(table["age"], pa.float64())), tmp_path))
    assert found[": table_schema_to_stay"].observed == "'age' was int64 and is double"
    assert found[": table_schema_to_stay"].severity == "warning"


def test_another_label_column_is_not_compared_with_the_old_one(tmp_path: Path) -> None:
    config = published(tmp_path)
    columns = {"target": "kind", "ids": ["id"], "drop": ["note"]}
    other = BalanceConfig(**{**config.published(), "columns": columns})
    validation = check(other, feed(seed=1), tmp_path)
    assert not any("label=" in one.expectation for one in validation.outcomes)
    assert moved(validation) == {}


def test_switched_off_nothing_is_compared(tmp_path: Path) -> None:
    config = published(tmp_path, drift="off", schema_changes="evolve")
    assert build_drift_suite(config, snapshot_of(feed(seed=1), tmp_path / "next")) is None
    frozen = published(tmp_path / "frozen", drift="off")
    assert len(check(frozen, feed(40, seed=1), tmp_path).outcomes) == 2


def test_a_profile_that_was_tampered_with_is_refused(tmp_path: Path) -> None:
    config = published(tmp_path)
    (profile,) = Path(config.output.root, config.name, "data").glob("*/profile.json")
    profile.write_text(profile.read_text().replace("4000", "4001"))
    with pytest.raises(IntegrityError, match=r"profile\.json of the last version"):
        find_baseline(config)


def test_the_policy_on_drift_makes_no_other_version(tmp_path: Path) -> None:
    from counterpoise.persist import run_key

    config = published(tmp_path)
    lenient = BalanceConfig(**{**config.published(), "validation": {"drift": "report", "schema_changes": "evolve"}})
    assert run_key(config, "digest") == run_key(lenient, "digest")


def test_the_suite_is_one_that_great_expectations_runs_by_itself(tmp_path: Path) -> None:
    """Written to a file, read again and run on the whole frame, it gives the verdicts of a run by column group."""
    config = published(tmp_path)
    table = feed(seed=1, share=0.3)
    suite = build_drift_suite(config, snapshot_of(table, tmp_path / "next"))
    assert suite is not None
    write_suite(tmp_path / "drift.json", "drift", suite.expectations)
    assert load_suite(tmp_path / "drift.json").expectations == suite.expectations
    engine = load_engine()
    with quiet():
        context = engine.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}
        asset = context.data_sources.add_pandas("plain").add_dataframe_asset("all")
        batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": to_frame(table)})
        document = json.loads((tmp_path / "drift.json").read_text())
        result = batch.validate(engine.ExpectationSuite(**document))
    assert not any(one.exception_info.get("raised_exception") for one in result.results)
    plain = [(one.expectation_config.type, bool(one.success)) for one in result.results]
    reported = config.model_copy(update={"validation": config.validation.model_copy(update={"drift": "report"})})
    outcomes = check(reported, table, tmp_path).outcomes
    ours = {(one.expectation.split("(")[0], one.columns): one.status == "passed" for one in outcomes}
    assert {kind for kind, success in plain if not success} == {
        kind for (kind, _), success in ours.items() if not success
    }
    assert not all(ours.values())


def with_column(table: pa.Table, values: Any) -> pa.Table:
    return table.append_column("more", values)


def test_a_column_without_any_value_in_both_deliveries_is_as_before(tmp_path: Path) -> None:
    empty = pa.nulls(4_000, pa.float64())
    config = published(tmp_path, with_column(feed(), empty))
    assert moved(check(config, with_column(feed(seed=1), empty), tmp_path)) == {}


def test_a_rare_column_that_vanishes_stops_the_run_and_one_that_fills_up_does_not(tmp_path: Path) -> None:
    rare = pa.array([1.0 if row % 25 == 0 else None for row in range(4_000)])
    config = published(tmp_path / "rare", with_column(feed(), rare))
    with pytest.raises(ContractError, match=r"on 'more': 100\.00% missing, 96\.00% before"):
        check(config, with_column(feed(seed=1), pa.nulls(4_000, pa.float64())), tmp_path / "rare")
    filled = published(tmp_path / "filled", with_column(feed(), rare))
    found = moved(check(filled, with_column(feed(seed=1), pa.array([1.0] * 4_000)), tmp_path / "filled"))
    assert found["more: column_missing_share_to_stay"].severity == "warning"


def test_a_counter_that_goes_on_is_a_warning_that_says_what_to_do(tmp_path: Path) -> None:
    config = published(tmp_path, with_column(feed(), pa.array(range(4_000))))
    found = moved(check(config, with_column(feed(seed=1), pa.array(range(4_000, 8_000))), tmp_path))
    (outcome,) = (one for name, one in found.items() if name.startswith("more: "))
    assert (outcome.severity, "columns.time" in outcome.notes) == ("warning", True)


def test_a_constant_that_changes_is_a_warning(tmp_path: Path) -> None:
    config = published(tmp_path, with_column(feed(), pa.array([3] * 4_000)))
    found = moved(check(config, with_column(feed(seed=1), pa.array([4] * 4_000)), tmp_path))
    assert {one.severity for one in found.values()} == {"warning"}


def test_columns_that_differ_by_nature_can_be_left_out(tmp_path: Path) -> None:
    config = published(tmp_path, with_column(feed(), pa.array(["2026-01"] * 4_000)), drift_ignore=["more"])
    assert moved(check(config, with_column(feed(seed=1), pa.array(["2026-02"] * 4_000)), tmp_path)) == {}


def test_values_outside_the_range_weigh_more_than_those_within(tmp_path: Path) -> None:
    table = feed(seed=1)
    sentinel = pc.if_else(pa.array(np.arange(4_000) % 7 == 0), -999.0, table["amount"])
    found = moved(check(published(tmp_path, drift="report"), table.set_column(1, "amount", sentinel), tmp_path))
    assert "moved most: below" in found["amount: column_population_stability_index_to_be_at_most"].observed


def test_labels_that_come_as_decimals_are_the_same_labels(tmp_path: Path) -> None:
    def numbered(table: pa.Table, kind: pa.DataType) -> pa.Table:
        return table.set_column(5, "label", pc.cast(pc.equal(table["label"], "yes"), pa.int64()).cast(kind))

    config = published(tmp_path, numbered(feed(), pa.int64()))
    found = moved(check(config, numbered(feed(seed=1), pa.float64()), tmp_path))
    assert set(found) == {": table_schema_to_stay"}


def test_rows_that_alternate_do_not_hide_from_the_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiling, "_SAMPLE", 2_000)
    sides = pa.array(["left", "right"] * 2_000)
    config = published(tmp_path, with_column(feed(), sides))
    assert moved(check(config, with_column(feed(seed=1), sides), tmp_path)) == {}


def test_values_missing_by_group_are_no_drift_where_other_groups_are_delivered(tmp_path: Path) -> None:
    def grouped(seed: int) -> pa.Array:
        rng = np.random.default_rng(seed)
        group = np.sort(rng.integers(0, 40, 4_000))
        return pa.array(rng.normal(size=4_000), mask=(rng.random(40) < 0.3)[group])

    config = published(tmp_path, with_column(feed(), grouped(1)))
    assert moved(check(config, with_column(feed(seed=1), grouped(3)), tmp_path)) == {}


def test_deliveries_of_other_groups_are_no_drift_where_rows_of_a_group_are_alike(tmp_path: Path) -> None:
    def grouped(seed: int) -> pa.Array:
        rng = np.random.default_rng(seed)
        return pa.array(rng.lognormal(3, 1, 40)[np.sort(rng.integers(0, 40, 4_000))])

    config = published(tmp_path, with_column(feed(), grouped(1)))
    assert moved(check(config, with_column(feed(seed=1), grouped(2)), tmp_path)) == {}


def by_customer(size: int, *, rows: int = 3_000, seed: int = 0) -> pa.Table:
    """Return rows of customers who are always the same, in any order."""
    one, rng = feed(rows // size, seed=seed), np.random.default_rng(seed)
    return one.take(rng.permutation(np.repeat(np.arange(rows // size), size)))


@pytest.mark.parametrize(("before", "later"), [(10, 10), (1, 10), (10, 4)])
@pytest.mark.parametrize("group", ["id", ""])
def test_many_rows_of_a_customer_are_no_change(before: int, later: int, group: str, tmp_path: Path) -> None:
    columns = {"target": "label", "drop": ["note"] if group else ["note", "id"], "group": group}
    config = published(tmp_path, by_customer(before), columns=columns)
    found = [check(config, by_customer(later, seed=seed), tmp_path / str(seed)) for seed in (1, 2)]
    assert [moved(validation) for validation in found] == [{}, {}]


def test_a_broken_column_of_customers_with_many_rows_stops_the_run(tmp_path: Path) -> None:
    columns = {"target": "label", "drop": ["note"], "group": "id"}
    config, table = published(tmp_path, by_customer(10), columns=columns), by_customer(10, seed=1)
    scaled = table.set_column(1, "amount", pc.multiply(table["amount"], 100.0))
    with pytest.raises(ContractError, match=r"on 'amount': population stability index") as caught:
        check(config, scaled, tmp_path)
    assert caught.value.reason == "distribution_changed"
