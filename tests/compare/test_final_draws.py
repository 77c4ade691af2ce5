"""The verdict of the final is about several draws, and about single rows where equal ones may be independent."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from counterpoise.compare import describe_final, final_verdict, run_comparison, write_leaderboard
from counterpoise.compare._final.held_out import hold_out_tables
from counterpoise.persist import DatasetFolder
from counterpoise.report import render_comparison
from counterpoise.results import Comparison, Final, HeldOut, Leaderboard
from counterpoise.verify._comparisons import comparison_differences
from tests.compare.comparisons import comparison_config, comparison_of, signal

pytestmark = pytest.mark.slow

LOGISTIC = "logistic_regression"
FOREST = 'random_forest {"n_estimators": 10}'
TREE = 'sklearn.tree:DecisionTreeClassifier {"max_depth": 5, "max_features": 1}'


def ran(folder: Path, strategy: str, learner: str = LOGISTIC, **evaluation: Any) -> Leaderboard:
    """Compare one strategy with none, and have a final about it."""
    settings: dict[str, Any] = {"evaluation": {"bootstrap": 100, **evaluation}, "folds": 2}
    comparison = comparison_of(
        signal(400), folder, strategies=[strategy], learners=[learner], strategy=strategy, **settings
    )
    rows = hold_out_tables(validation=signal(200, seed=1), test=signal(400, seed=2), folder=Path(comparison.folder))
    return run_comparison(comparison, held_out=rows, subprocesses=False)


def written(leaderboard: Leaderboard, folder: Path) -> Leaderboard:
    """Write a leaderboard into a dataset that has nothing else, and return it with its origin."""
    config = comparison_config(evaluation={"bootstrap": 100})
    output = config.output.model_copy(update={"root": str(folder / "root")})
    return write_leaderboard(config.model_copy(update={"output": output}), "5" * 64, leaderboard)


def drawn(leaderboard: Leaderboard, strategy: str) -> dict[str, Any]:
    (one,) = (one for one in _final(leaderboard).comparisons if one["strategy"] == strategy)
    return dict(one)


def _final(leaderboard: Leaderboard) -> Final:
    assert leaderboard.final is not None
    return leaderboard.final


def test_the_verdict_is_about_the_mean_over_draws_and_says_so(tmp_path: Path) -> None:
    leaderboard = ran(tmp_path, "random_under")
    one, final = drawn(leaderboard, "random_under"), _final(leaderboard)
    draws = one["draws"]
    assert (draws["number"], draws["sampler"], draws["learner"]) == (5, True, False)
    effect = draws["effects"]["average_precision"]
    assert len(set(effect["values"])) == 5
    assert effect["values"][0] == one["differences"]["average_precision"]["difference"]
    assert effect["difference"] == pytest.approx(np.mean(effect["values"]))
    assert effect["low"] < effect["difference"] < effect["high"]
    assert "mean over 5 draws of its rows (" in final.verdict
    assert f"{effect['difference']:.3f}".lstrip("-") in final.verdict
    assert final_verdict(final, equivalence=0.005) == {"verdict": final.verdict, "outcome": final.outcome}
    page = render_comparison(written(leaderboard, tmp_path))
    assert "with draws, the mean over them" in page
    assert f"{effect['difference']:+.3f}".replace("-", "−") in page


def test_verify_recomputes_the_mean_over_draws_and_the_verdict(tmp_path: Path) -> None:
    leaderboard = ran(tmp_path, "random_under", draws=3)
    final = _final(leaderboard)
    plain = final.model_dump(mode="json")
    place = next(number for number, one in enumerate(plain["comparisons"]) if "draws" in one)

    def found(**changed: Any) -> list[str]:
        forged = leaderboard.model_copy(update={"final": Final.model_validate({**plain, **changed})})
        dataset = Path(written(forged, tmp_path).file).parents[1]
        return comparison_differences(DatasetFolder(dataset.parent, dataset.name))

    def drawn_otherwise(figure: str, value: Any) -> dict[str, Any]:
        comparisons = copy.deepcopy(plain["comparisons"])
        comparisons[place]["draws"]["effects"]["average_precision"][figure] = value
        return {"comparisons": comparisons}

    assert found() == []
    assert any("mean of average_precision" in one for one in found(**drawn_otherwise("difference", 0.2)))
    values = [0.1, *plain["comparisons"][place]["draws"]["effects"]["average_precision"]["values"][1:]]
    assert any("first of average_precision" in one for one in found(**drawn_otherwise("values", values)))
    assert any("the verdict is" in one for one in found(**drawn_otherwise("low", 0.2)))
    assert any("unreadable figures" in one for one in found(**drawn_otherwise("values", "many")))
    better = found(verdict=final.verdict.replace("3 draws", "4 draws"))
    assert any("the verdict is" in one for one in better)
    assert any("the verdict is" in one for one in found(deciding_rows=final.deciding_rows + 1))


@pytest.mark.parametrize(
    ("strategy", "learner", "words"),
    [
        ("random_over", FOREST, "mean over 3 draws of its rows, each with a fit of its own"),
        ("tomek_links", FOREST, "mean over 3 fits with other seeds"),
        ("class_weight", TREE, "mean over 3 fits with other seeds"),
        ("smote + random_under", LOGISTIC, "mean over 3 draws of its rows ("),
        ("balanced_random_forest", LOGISTIC, "mean over 3 fits with other seeds"),
    ],
)
def test_what_is_random_is_repeated(strategy: str, learner: str, words: str, tmp_path: Path) -> None:
    assert words in _final(ran(tmp_path, strategy, learner, draws=3)).verdict


@pytest.mark.parametrize(("strategy", "draws"), [("tomek_links", 5), ("class_weight", 5), ("smote", 1)])
def test_what_is_not_random_is_not_repeated(strategy: str, draws: int, tmp_path: Path) -> None:
    leaderboard = ran(tmp_path, strategy, draws=draws)
    assert "draws" not in drawn(leaderboard, strategy)
    assert "mean over" not in _final(leaderboard).verdict


def test_after_three_draws_the_time_may_be_up(tmp_path: Path) -> None:
    final = _final(ran(tmp_path, "random_over", draws_seconds=0))
    assert "mean over 3 draws" in final.verdict
    assert "draws ended after 3 of 5: the time was up (evaluation.draws_seconds)" in final.notes


def test_a_difference_that_does_not_matter_is_none_in_the_final_too(tmp_path: Path) -> None:
    assert "makes no difference beyond ±0.9" in _final(ran(tmp_path, "random_over", equivalence=0.9)).verdict


def discrete(rows: int, seed: int) -> pa.Table:
    rng = np.random.default_rng(seed)
    columns = {name: rng.integers(0, levels, rows) for name, levels in (("a", 5), ("b", 5), ("c", 3))}
    positive = rng.random(rows) < np.where(columns["a"] > 2, 0.4, 0.1)
    return pa.table({**columns, "label": np.where(positive, "yes", "no")})


def held_with_sets_of_equal_rows(comparison: Comparison, folder: Path) -> HeldOut:
    """Hold out rows of which equal ones are a unit."""
    tables = {"validation": discrete(400, 1), "test": discrete(800, 2)}
    groups = {}
    for part, table in tables.items():
        codes = np.unique(np.stack([table[name].to_numpy() for name in "abc"]), axis=1, return_inverse=True)[1]
        groups[part] = str(folder / f"{part}-units.npy")
        np.save(groups[part], codes.astype(np.int32).ravel())
    rows = hold_out_tables(**tables, folder=Path(comparison.folder))
    return rows.model_copy(update={"groups": groups, "equal_rows": True})


def test_where_equal_rows_may_be_independent_the_final_says_both(tmp_path: Path) -> None:
    comparison = comparison_of(
        discrete(900, 0), tmp_path, folds=2, strategies=["random_under"], strategy="random_under",
        learners=[LOGISTIC], evaluation={"bootstrap": 100, "draws": 3},
    )  # fmt: skip
    rows = held_with_sets_of_equal_rows(comparison, tmp_path)
    leaderboard = run_comparison(comparison, held_out=rows, subprocesses=False)
    final = _final(leaderboard)
    assert final.as_rows is not None
    assert (final.deciding_rows_are, final.as_rows.deciding_rows_are) == ("distinct positives", "positives")
    assert final.deciding_rows < 76 < final.as_rows.deciding_rows
    assert final.as_rows.outcome != "undecided"
    assert "mean over 3 draws of its rows" in final.as_rows.verdict
    second = f"With each row on its own: {final.as_rows.verdict}"
    assert any(second in line for line in describe_final(leaderboard))
    assert "With each row on its own: " in render_comparison(written(leaderboard, tmp_path))
    single = run_comparison(
        comparison, held_out=rows.model_copy(update={"groups": {}, "equal_rows": False}), subprocesses=False
    )
    assert _final(single).as_rows is None
    assert _final(single).verdict == final.as_rows.verdict


def test_processes_of_their_own_give_the_same_draws(tmp_path: Path) -> None:
    comparison = comparison_of(
        signal(300), tmp_path, folds=2, strategies=["random_under"], strategy="random_under", learners=[LOGISTIC],
        evaluation={"bootstrap": 50, "draws": 3},
    )  # fmt: skip
    rows = hold_out_tables(validation=signal(200, seed=1), test=signal(300, seed=2), folder=Path(comparison.folder))
    here, there = (_final(run_comparison(comparison, held_out=rows, subprocesses=each)) for each in (False, True))
    assert here.comparisons == there.comparisons
    assert here.verdict == there.verdict
