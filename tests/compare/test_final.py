from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

from counterpoise.compare._final.final import run_final
from counterpoise.compare._final.finalists import finalists
from counterpoise.compare._final.held_out import digest_of_test, hold_out, hold_out_tables
from counterpoise.compare._run import run_comparison
from counterpoise.errors import EvaluationError
from counterpoise.results import DUMMY, Candidate, Comparison, Final, Finalist, HeldOut, Leaderboard, Rules
from counterpoise.split import rows_of_partition
from counterpoise.table import SnapshotReader
from tests.compare.comparisons import TREE, comparison_of, signal
from tests.snapshots import engine_config, mixed_table, run_engine

pytestmark = pytest.mark.slow

LOGISTIC = "logistic_regression"


def held(comparison: Comparison, *, classes: int = 2, **tables: pa.Table) -> HeldOut:
    known = {
        "validation": signal(300, classes=classes, seed=1),
        "test": signal(400, classes=classes, seed=2),
    }
    return hold_out_tables(**(known | tables), folder=Path(comparison.folder))


def ran(folder: Path, *, classes: int = 2, evaluation: dict[str, Any] | None = None, **settings: Any) -> Leaderboard:
    wanted = {"folds": 3, "strategies": ["smote"], "learners": [LOGISTIC], **settings}
    comparison = comparison_of(signal(500, classes=classes), folder, evaluation=evaluation, **wanted)
    return run_comparison(comparison, held_out=held(comparison, classes=classes), subprocesses=False)


def final_of(leaderboard: Leaderboard) -> Final:
    assert leaderboard.final is not None
    return leaderboard.final


def finalist(leaderboard: Leaderboard, strategy: str, learner: str) -> Finalist:
    (one,) = (one for one in final_of(leaderboard).finalists if (one.strategy, one.learner) == (strategy, learner))
    return one


def forced(leaderboard: Leaderboard, strategy: str, learner: str) -> Leaderboard:
    """Return a leaderboard with another candidate chosen."""
    return leaderboard.model_copy(update={"chosen": Candidate(strategy=strategy, learner=learner), "final": None})


@pytest.fixture(name="leaderboard", scope="module")
def _board(tmp_path_factory: pytest.TempPathFactory) -> Leaderboard:
    return ran(tmp_path_factory.mktemp("board"), evaluation={"bootstrap": 200})


def test_the_chosen_candidate_its_plain_learner_and_the_dummy_are_scored_on_test(leaderboard: Leaderboard) -> None:
    final = final_of(leaderboard)
    assert {(one.strategy, one.learner) for one in final.finalists} == {
        ("smote", LOGISTIC),
        ("none", LOGISTIC),
        ("none", DUMMY),
    }
    assert final.finalists[-1].roles == ("dummy",)
    assert {role for one in final.finalists for role in one.roles} >= {"chosen", "challenger", "best_none", "dummy"}
    assert final.rows["test"] == {"no": 400 - final.deciding_rows, "yes": final.deciding_rows}
    assert finalist(leaderboard, "none", DUMMY).arm["test"]["average_precision"] == pytest.approx(final.chance)
    assert "SMOTE" in final.verdict
    assert "ΔAP" in final.verdict
    assert f"{final.deciding_rows} positives" in final.verdict


def test_a_plain_refit_on_all_train_rows_gives_the_same_figures(tmp_path: Path) -> None:
    from sklearn.tree import DecisionTreeClassifier

    numbers, label = ["a"], "label"
    train, validation, test = (
        signal(rows, seed=seed).select(["a", label]) for rows, seed in ((500, 0), (300, 1), (400, 2))
    )
    settings: dict[str, Any] = {"folds": 3, "strategies": ["none"], "learners": [TREE]}
    comparison = comparison_of(train, tmp_path, evaluation={"bootstrap": 0}, **settings)
    rows = held(comparison, validation=validation, test=test)
    one = finalist(run_comparison(comparison, held_out=rows, subprocesses=False), "none", TREE)

    def parts(table: pa.Table) -> tuple[Any, Any]:
        return table.select(numbers).to_pandas().to_numpy(), table[label].to_numpy(zero_copy_only=False) == "yes"

    model = DecisionTreeClassifier(max_depth=5, random_state=0).fit(*parts(train))
    features, truth = parts(test)
    scores = model.predict_proba(features)[:, 1]
    assert one.arm["test"]["average_precision"] == pytest.approx(average_precision_score(truth, scores))
    assert one.arm["test"]["roc_auc"] == pytest.approx(roc_auc_score(truth, scores))
    known, known_truth = model.predict_proba(parts(validation)[0])[:, 1], parts(validation)[1]
    best = max(f1_score(known_truth, known >= cut) for cut in np.unique(known))
    assert f1_score(known_truth, known >= one.arm["threshold"]) == pytest.approx(best)
    assert one.arm["test"]["f1"] == pytest.approx(f1_score(truth, scores >= one.arm["threshold"]))


def test_resampling_reaches_the_final_and_validation_and_test_stay_as_they_are(leaderboard: Leaderboard) -> None:
    after, natural = finalist(leaderboard, "smote", LOGISTIC), finalist(leaderboard, "none", LOGISTIC)
    assert after.train_rows["yes"] == after.train_rows["no"] == natural.train_rows["no"]
    assert natural.train_rows == leaderboard.classes
    assert after.correction is not None
    assert after.correction["training_prevalence"] == pytest.approx(0.5, abs=0.002)
    assert after.correction["natural_prevalence"] == pytest.approx(leaderboard.classes["yes"] / leaderboard.rows)
    assert after.correction["before"]["mean_probability"] > 1.5 * after.correction["after"]["mean_probability"]
    assert natural.correction is not None
    assert natural.correction["odds_factor"] == pytest.approx(1)


def test_the_ranking_does_not_depend_on_test(tmp_path: Path) -> None:
    turned = signal(400, seed=2)
    swapped = pa.array(["yes" if one == "no" else "no" for one in turned["label"].to_pylist()])
    comparison = comparison_of(
        signal(500), tmp_path, folds=3, strategies=["smote"], learners=[LOGISTIC], evaluation={"bootstrap": 0}
    )
    first = run_comparison(comparison, held_out=held(comparison), subprocesses=False)
    other = held(comparison, test=turned.set_column(3, "label", swapped))
    second = run_comparison(comparison, held_out=other, subprocesses=False)
    assert [one.folds for one in first.entries] == [one.folds for one in second.entries]
    assert (first.chosen, finalists(first)) == (second.chosen, finalists(second))
    thresholds = [[one.arm["threshold"] for one in final_of(leaderboard).finalists] for leaderboard in (first, second)]
    assert thresholds[0] == thresholds[1]
    assert final_of(first).finalists[0].arm["test"] != final_of(second).finalists[0].arm["test"]


def test_a_model_without_probabilities_has_a_ranking_and_a_threshold_of_its_scores(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"folds": 3, "strategies": ["isolation_forest"], "learners": [LOGISTIC]}
    comparison = comparison_of(signal(400), tmp_path, evaluation={"bootstrap": 100}, **settings)
    leaderboard = forced(run_comparison(comparison, subprocesses=False), "isolation_forest", "isolation_forest")
    final = final_of(run_final(comparison, leaderboard, held(comparison), subprocesses=False))
    (one,) = (one for one in final.finalists if one.strategy == "isolation_forest")
    assert one.judged_by == "ranking"
    assert {"average_precision", "roc_auc", "precision", "recall", "f1", "mcc"} <= set(one.arm["test"])
    assert not {"brier", "log_loss"} & set(one.arm["test"])
    assert (one.arm["threshold_rule"], one.correction) == ("f1", None)
    (compared,) = (one for one in final.comparisons if one["strategy"] == "isolation_forest")
    assert compared["reference"] == {"strategy": "none", "learner": LOGISTIC}
    assert {"average_precision", "roc_auc", "f1"} <= set(compared["differences"])
    assert "isolation forest ranks worse than logistic regression" in final.verdict.lower()
    assert any("no probabilities" in note for note in final.notes)


def test_more_than_two_classes_have_a_final_too(tmp_path: Path) -> None:
    final = final_of(ran(tmp_path, classes=3, evaluation={"bootstrap": 100}))
    assert final.chance == pytest.approx(1 / 3)
    assert final.threshold_rule is None
    assert all(one.correction is None and "per_class" in one.arm for one in final.finalists)
    assert "test rows in the smallest class" in final.verdict


def test_with_few_positives_nobody_can_tell(tmp_path: Path) -> None:
    comparison = comparison_of(
        signal(400), tmp_path, folds=3, strategies=["smote"], learners=[LOGISTIC], evaluation={"bootstrap": 100}
    )
    leaderboard = run_comparison(comparison, held_out=held(comparison, test=signal(100, seed=2)), subprocesses=False)
    assert final_of(leaderboard).deciding_rows < 30
    assert final_of(leaderboard).outcome == "undecided"
    assert "Too few positives" in final_of(leaderboard).verdict


def test_where_nothing_was_resampled_the_best_rival_is_what_the_verdict_is_about(leaderboard: Leaderboard) -> None:
    roles = finalists(forced(leaderboard, "none", LOGISTIC))
    assert roles[Candidate(strategy="none", learner=LOGISTIC)] == ("chosen", "reference", "best_none")
    assert roles[Candidate(strategy="smote", learner=LOGISTIC)] == ("challenger",)


def test_a_tuned_threshold_is_its_learner_left_alone_with_a_threshold_from_validation(tmp_path: Path) -> None:
    comparison = comparison_of(
        signal(400), tmp_path, folds=3, strategies=["threshold"], learners=[LOGISTIC], evaluation={"bootstrap": 0}
    )
    leaderboard = forced(run_comparison(comparison, subprocesses=False), "threshold", LOGISTIC)
    final = final_of(run_final(comparison, leaderboard, held(comparison), subprocesses=False))
    tuned, plain = (next(one for one in final.finalists if one.strategy == name) for name in ("threshold", "none"))
    assert tuned.arm["test"] == plain.arm["test"]
    assert final.outcome == "baseline"
    assert any("threshold" in note for note in final.notes)


def test_a_finalist_that_breaks_down_is_shown_with_its_reason(leaderboard: Leaderboard, tmp_path: Path) -> None:
    comparison = comparison_of(
        signal(400), tmp_path, folds=3, strategies=["smote"], learners=[LOGISTIC], evaluation={"bootstrap": 0}
    )
    final = final_of(
        run_final(comparison, forced(leaderboard, "smoten", LOGISTIC), held(comparison), subprocesses=False)
    )
    (broken,) = (one for one in final.finalists if one.strategy == "smoten")
    assert broken.status == "refused"
    assert "categories" in broken.reason
    assert broken.arm == {}
    assert final.verdict.startswith("No verdict: logistic regression with SMOTEN")


def test_a_class_that_train_does_not_have_is_refused(tmp_path: Path) -> None:
    comparison = comparison_of(signal(400), tmp_path, folds=3, strategies=["smote"], learners=[LOGISTIC])
    leaderboard = run_comparison(comparison, subprocesses=False)
    table = signal(50, seed=3)
    other = table.set_column(3, "label", pa.array(["perhaps", *table["label"].to_pylist()[1:]]))
    with pytest.raises(EvaluationError, match="'perhaps'"):
        run_final(comparison, leaderboard, held(comparison, test=other), subprocesses=False)


def test_processes_of_their_own_give_the_same_final(tmp_path: Path) -> None:
    comparison = comparison_of(
        signal(300), tmp_path, folds=2, strategies=["smote"], learners=[TREE], evaluation={"bootstrap": 50}
    )
    rows = held(comparison)
    here, there = (run_comparison(comparison, held_out=rows, subprocesses=several) for several in (False, True))
    measured = {"seconds", "peak_mb"}

    def facts(leaderboard: Leaderboard) -> list[dict[str, Any]]:
        return [one.model_dump(exclude=measured) for one in final_of(leaderboard).finalists]

    assert facts(here) == facts(there)
    assert final_of(here).comparisons == final_of(there).comparisons
    assert all(one.peak_mb is not None for one in final_of(there).finalists)


def test_the_final_of_a_leaderboard_survives_json(leaderboard: Leaderboard) -> None:
    text = leaderboard.model_dump_json()
    assert "NaN" not in text
    assert Leaderboard.model_validate_json(text) == leaderboard
    json.loads(text)


def test_held_out_rows_are_those_of_the_split_and_tell_one_test_partition_from_another(tmp_path: Path) -> None:
    columns = {"target": "label", "ids": ["id"]}
    run = run_engine(mixed_table(400, share=0.3), tmp_path, columns=columns)
    rows = hold_out(
        Rules.of(engine_config(tmp_path, columns=columns)), run.snapshot, run.split, folder=tmp_path / "comparison"
    )
    for name in ("validation", "test"):
        snapshot = getattr(rows, name)
        kept = SnapshotReader(snapshot).read_rows(np.arange(snapshot.rows), list(rows_of(snapshot)))
        expected = SnapshotReader(run.snapshot).read_rows(rows_of_partition(run.split, name), list(rows_of(snapshot)))
        assert "id" not in kept.column_names
        assert kept.unify_dictionaries().combine_chunks() == expected.unify_dictionaries().combine_chunks()
    assert rows.digest == digest_of_test(run.snapshot, run.split)
    other = run_engine(mixed_table(400, share=0.3), tmp_path / "other", columns=columns, seed=1)
    assert digest_of_test(other.snapshot, other.split) != rows.digest


def rows_of(snapshot: Any) -> tuple[str, ...]:
    return tuple(column.name for column in snapshot.columns)
