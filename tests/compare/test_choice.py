"""What `resampling.strategy: auto` becomes, from the user's end."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow.csv import ReadOptions, read_csv
from scipy import stats

from counterpoise.compare import choose_resampling
from counterpoise.compare._choice.bound import Against, Pair, Tried, confidence, lower_bound
from counterpoise.errors import ResamplingError
from counterpoise.frames import resample_frame
from counterpoise.persist import DatasetFolder
from counterpoise.records import StrategyChoice
from counterpoise.resample import plan_resampling
from counterpoise.table import to_pandas
from counterpoise.versions import Version
from tests.catalog import real_tables
from tests.snapshots import EngineRun, engine_config, mixed_table, run_engine

pytestmark = pytest.mark.slow

AUTO = {"strategy": "auto"}


def correlated(rows: int = 3_000, *, seed: int = 0, share: float = 0.02) -> pa.Table:
    """Return a table on which over-sampling helps: few positives differ in a small difference of two large numbers.

    A penalised logistic regression cannot afford the coefficients, and leaves of at least 20 rows hide the positives.
    """
    rng = np.random.default_rng(seed)
    positive, common = rng.random(rows) < share, rng.normal(size=rows)
    one = common + 0.04 * (rng.normal(size=rows) + 2.5 * positive)
    other = common + 0.04 * rng.normal(size=rows)
    return pa.table({"one": one, "other": other, "rest": rng.normal(size=rows), "label": positive.astype("i1")})


def noisy(rows: int = 1_500, *, seed: int = 0, share: float = 0.05) -> pa.Table:
    """Return a table on which resampling gains nothing: one number tells the classes apart, the others are noise."""
    rng = np.random.default_rng(seed)
    positive = rng.random(rows) < share
    columns = {f"x{number}": rng.normal(size=rows) + (number == 0) * 1.5 * positive for number in range(4)}
    return pa.table({**columns, "label": positive.astype("i1")})


def choice_of(run: EngineRun) -> StrategyChoice:
    assert run.resampling.choice is not None
    return run.resampling.choice


def test_none_is_kept_where_nothing_helps_and_the_evidence_is_recorded(tmp_path: Path) -> None:
    run = run_engine(noisy(), tmp_path, resampling=AUTO)
    choice = choice_of(run)
    assert run.resampling.strategy == choice.strategy == "none"
    assert run.resampling.before == run.resampling.after
    assert [trial.strategy for trial in choice.trials] == ["weights", "smote"]
    assert all(trial.outcome in ("no_gain", "passed_over", "unproven") for trial in choice.trials)
    first = choice.trials[0].learners[0]
    assert (first.learner, first.reference) == ("logistic_regression", "logistic_regression")
    assert first.difference == pytest.approx(first.score - first.without, abs=2e-6)
    assert 0 < first.without < 1
    assert (choice.metric, choice.folds, choice.rows, choice.train_rows) == ("average_precision", 5, 900, 900)
    assert choice.reason.startswith("No strategy was better than no resampling beyond noise")
    assert run.resampling.notes[0] == f"auto: none. {choice.reason}"


def test_a_strategy_that_helps_beyond_noise_and_harms_no_learner_is_chosen(tmp_path: Path) -> None:
    run = run_engine(correlated(4_000), tmp_path, resampling=AUTO)
    choice = choice_of(run)
    assert run.resampling.strategy == choice.strategy != "none"
    (chosen,) = [trial for trial in choice.trials if trial.strategy == choice.strategy]
    assert chosen.outcome == "better"
    assert chosen.low is not None
    assert 0 < chosen.low < (chosen.difference or 0)
    assert {one.learner for one in chosen.learners} == {"logistic_regression", "hist_gradient_boosting"}
    assert max(one.difference for one in chosen.learners) == pytest.approx(chosen.difference)
    bears = [one for one in chosen.learners if one.learner == one.reference and one.folds == 2]
    assert bears, "the learner that does not gain bears the strategy"
    assert "was better than no resampling beyond noise" in choice.reason


def test_the_manifest_states_the_choice(tmp_path: Path) -> None:
    run = run_engine(noisy(), tmp_path, resampling=AUTO)
    manifest = Version(DatasetFolder.of(run.version), run.version.version).manifest
    assert manifest.resampling.choice == run.resampling.choice
    named = run_engine(noisy(), tmp_path / "named", resampling={"strategy": "none"})
    assert named.resampling.choice is None


def test_the_same_rows_configuration_and_seed_give_the_same_bytes(tmp_path: Path) -> None:
    one, other = (run_engine(noisy(), tmp_path / name, resampling=AUTO) for name in "ab")
    assert choice_of(one).model_dump_json() == choice_of(other).model_dump_json()
    files = [Path(run.resampling.copies_file).read_bytes() for run in (one, other)]
    assert files[0] == files[1]


def test_the_chosen_strategy_makes_the_plan_that_it_makes_by_name(tmp_path: Path) -> None:
    auto = run_engine(correlated(), tmp_path / "auto", resampling=AUTO)
    choice = choice_of(auto)
    settings = {"strategy": choice.strategy, "ratio": choice.ratio, "k_neighbors": choice.k_neighbors}
    named = run_engine(correlated(), tmp_path / "named", resampling=settings)
    one, other = (Path(run.resampling.copies_file).read_bytes() for run in (auto, named))
    assert one == other


def test_validation_and_test_rows_do_not_affect_the_choice(tmp_path: Path) -> None:
    table = noisy()
    table = table.append_column("id", pa.array(np.arange(table.num_rows)))  # so that the split stays the same
    columns = {"target": "label", "ids": ["id"]}
    sections: dict[str, Any] = {"resampling": AUTO, "columns": columns, "split": {"duplicates": "ignore"}}
    run = run_engine(table, tmp_path / "a", **sections)
    outside = np.setdiff1d(np.arange(table.num_rows), pa.ipc.open_file(run.resampling.copies_file).read_all()[0])
    changed = {name: table[name].to_numpy().copy() for name in table.column_names}
    changed["x0"][outside] = 99.0
    other = run_engine(pa.table(changed), tmp_path / "b", **sections)
    assert choice_of(run) == choice_of(other)


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (pa.table({"x": np.arange(300.0), "label": [0, 1] * 150}), "The classes are balanced"),
        (pa.table({"x": np.arange(307.0), "label": [0] * 300 + [1] * 7}), "With 4 train rows beside the largest class"),
        (
            pa.table({"x": [*np.arange(900.0), *(1_500.0 + np.arange(120) % 8)], "label": [0] * 900 + [1] * 120}),
            "groups of train rows",
        ),
    ],
)
def test_without_a_trial_none_is_kept_and_it_is_said_why(table: pa.Table, reason: str, tmp_path: Path) -> None:
    run = run_engine(table, tmp_path, resampling={"strategy": "auto"}, split={"rare_classes": "train_only"})
    assert run.resampling.strategy == "none"
    assert reason in run.resampling.notes[0]
    assert choice_of(run).trials == ()


def test_only_the_configured_learners_decide(tmp_path: Path) -> None:
    run = run_engine(noisy(), tmp_path, resampling=AUTO, evaluation={"learners": ["random_forest"]})
    assert {one.learner for trial in choice_of(run).trials for one in trial.learners} == {"random_forest"}


def test_more_than_two_classes_are_decided_by_macro_average_precision(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    label = rng.choice(["a", "b", "c"], 1_200, p=[0.8, 0.15, 0.05])
    table = pa.table({"x": rng.normal(size=1_200) + (label == "c"), "y": rng.normal(size=1_200), "label": label})
    choice = choice_of(run_engine(table, tmp_path, resampling=AUTO))
    assert choice.strategy == "none"
    assert choice.trials


def test_weights_are_found_where_tiny_classes_upset_boosting(tmp_path: Path) -> None:
    """Of 12,960 rows of nursery two are of one class: with boosting the other classes suffer, but not with weights."""
    path = next((one.path for one in real_tables() if one.name == "nursery"), None)
    if path is None:
        pytest.skip("the real tables (../shared/data) are not here")
    columns = [f"c{number}" for number in range(8)]
    table = read_csv(path, read_options=ReadOptions(column_names=[*columns, "label"]))
    choice = choice_of(run_engine(table, tmp_path, resampling=AUTO, split={"rare_classes": "train_only"}))
    assert choice.strategy == "weights"
    assert choice.rows == choice.train_rows, "in a sample the fault does not show"
    (trial,) = choice.trials
    leader = next(iter(trial.learners)).reference
    assert (leader, trial.outcome) == ("logistic_regression", "better")
    assert "with gradient boosting against logistic regression without" in trial.reason


def test_a_large_table_takes_part_with_a_bounded_sample(tmp_path: Path) -> None:
    choice = choice_of(run_engine(noisy(12_000), tmp_path, resampling=AUTO))
    assert (choice.rows, choice.train_rows) == (4_000, 7_200)
    wide = noisy(4_000)
    for number in range(56):
        wide = wide.append_column(f"n{number}", wide["x1"])
    assert choice_of(run_engine(wide, tmp_path / "wide", resampling=AUTO)).rows == 1_000


def test_groups_are_kept_together_in_the_trial(tmp_path: Path) -> None:
    """Rows of one group are equal but for their group: across folds, copies of positives would be known by heart."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(300), 8)
    positive = (np.arange(300) < 75)[groups]
    columns = {f"x{number}": rng.normal(size=300)[groups] for number in range(3)}
    table = pa.table({**columns, "who": groups, "label": positive.astype("i1")})
    run = run_engine(table, tmp_path, columns={"target": "label", "group": "who"}, resampling=AUTO)
    without = [one.without for trial in choice_of(run).trials for one in trial.learners]
    assert without
    assert max(without) < 0.6


def test_frames_get_rows_and_never_weights(tmp_path: Path) -> None:
    table = to_pandas(correlated())
    features, labels = resample_frame(
        table.drop(columns="label"), table["label"], config=engine_config(tmp_path, resampling=AUTO)
    )
    assert len(features) == len(labels) > len(table)  # with weights, which help here, it would be refused


def test_auto_that_was_not_decided_is_refused_by_the_plan(tmp_path: Path) -> None:
    run = run_engine(mixed_table(300, share=0.3), tmp_path, resampling={"strategy": "none"})
    config = engine_config(tmp_path, resampling=AUTO)
    with pytest.raises(ResamplingError, match=r"undecided.*choose_resampling"):
        plan_resampling(
            run.snapshot, run.split, columns=config.columns, config=config.resampling, seed=0, folder=tmp_path / "again"
        )


def test_a_strategy_by_name_is_left_as_configured(tmp_path: Path) -> None:
    run = run_engine(mixed_table(300), tmp_path, resampling={"strategy": "smote", "ratio": 0.5})
    chosen = choose_resampling(run.config, run.snapshot, run.split, folder=tmp_path / "auto")
    assert chosen.settings == run.config.resampling
    assert chosen.choice is None


@pytest.mark.parametrize(("chances", "passes", "error_rate"), [(1, 1, 0.01), (6, 2, 0.04)])
def test_the_bound_is_that_of_nadeau_and_bengio_with_bonferronis_level(
    chances: int, passes: int, error_rate: float
) -> None:
    values = np.array([0.02, 0.05, -0.01, 0.04, 0.03])
    error = values.std(ddof=1) * math.sqrt(1 / 5 + 1 / 4)
    wanted = values.mean() - stats.t.ppf(1 - error_rate / chances, 4) * error
    found = lower_bound(values.tolist(), test_to_train=0.25, level=confidence(chances, passes=passes))
    assert found == pytest.approx(wanted)


def tried(leader: list[float], other: list[float], bears: list[float] | None = None) -> Tried:
    """Return a trial in which `a` leads: its gains, those of `b` against it, and of `b` against itself."""
    compared = {Against("a", "a"): leader, Against("b", "a"): other, Against("b", "b"): bears or []}
    pairs: dict[Any, Any] = {
        who: {fold: Pair(0.5 + gain, 0.5) for fold, gain in enumerate(values)} for who, values in compared.items()
    }
    found = Tried("smote", 0.25, chances=4, pairs=pairs)
    return replace(found, gainer=found.promising())


def test_the_learner_with_the_largest_gain_over_the_best_without_decides() -> None:
    assert tried([0.1, 0.1, 0.12], [-0.2]).gainer == "a"
    assert tried([-0.1], [0.3, 0.31, 0.3]).gainer == "b"
    assert tried([0.1, 0.1, 0.12], [0.3, 0.31, 0.3]).gainer == "b"
    assert tried([0.5, -0.4, 0.01], [-0.2]).gainer == ""
    assert tried([0.009, 0.009, 0.009], [-0.2]).gainer == "", "too small a gain to matter"


def test_a_learner_that_loses_speaks_against_a_strategy() -> None:
    assert tried([0.1, 0.1, 0.12], [-0.2], [-0.01, 0.01]).loser() == ""
    assert tried([0.1, 0.1, 0.12], [-0.2], [-0.02, -0.021]).loser() == "b"
    assert tried([-0.1, -0.11], [0.3, 0.31, 0.3]).loser() == "a"
    assert not tried([0.1, 0.1, 0.12], [-0.2], [-0.02, -0.021]).is_better
    assert tried([0.1, 0.1, 0.1001], [-0.2], [-0.01, 0.01]).is_better


def test_a_strategy_that_is_refused_at_once_has_no_gain() -> None:
    refused = Tried("smote", 0.25, chances=4, refused="needs more rows")
    assert refused.by_fold() == {}
    assert not refused.is_better


def test_more_folds_are_drawn_where_they_may_prove_a_gain() -> None:
    assert tried([0.1, 0.05, 0.15, 0.02, 0.12], [-0.2]).is_worth_more_folds
    assert not tried([0.1, 0.1, 0.1, 0.1, 0.11], [-0.2]).is_worth_more_folds, "it is proven"
    assert not tried([0.1, -0.05, 0.15, -0.02, 0.12], [-0.2]).is_worth_more_folds


def test_a_choice_is_plain_json() -> None:
    choice = StrategyChoice(strategy="none", ratio=1.0, k_neighbors=5, reason="It is so.")
    assert StrategyChoice.model_validate_json(json.dumps(choice.model_dump(mode="json"))) == choice
