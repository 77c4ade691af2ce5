from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from prefect import flow

from counterpoise.compare import (
    StoredLeaderboard,
    brief_of,
    digest_of_test,
    list_candidates,
    processes_for,
    render_leaderboard,
)
from counterpoise.config import BalanceConfig
from counterpoise.errors import EvaluationError
from counterpoise.records import Snapshot, SplitPlan
from counterpoise.results import CandidateResult, Comparison, Leaderboard
from counterpoise.split import read_partition
from counterpoise.tasks.compare import comparison_folder, cross_validate, final_test, prepare, rank
from counterpoise.tasks.evaluate import evaluate
from counterpoise.tasks.split import split
from tests.compare.comparisons import TREE, signal
from tests.snapshots import UNCHECKED, EngineRun, engine_config, run_engine, snapshot_of
from tests.tasks.stored import stored_artifact

pytestmark = pytest.mark.slow

SETTINGS = {"strategies": ["random_over", "smoten"], "learners": [TREE], "folds": 3}


@dataclass(frozen=True)
class Prepared:
    """A comparison whose rows are laid out, and its candidates' results."""

    folder: Path
    snapshot: Snapshot
    plan: SplitPlan
    comparison: Comparison
    results: list[CandidateResult]


@pytest.fixture(name="config")
def _config(tmp_path: Path) -> BalanceConfig:
    return engine_config(tmp_path, tournament=SETTINGS, evaluation={"bootstrap": 100})


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepared]:
    """Prepare a comparison once: its processes take seconds to start."""
    folder = tmp_path_factory.mktemp("prepared")
    config = engine_config(folder, tournament=SETTINGS)
    snapshot, plan = parts(config, folder)
    with processes_for(str(comparison_folder(folder))):
        comparison = prepare.fn(config, snapshot, plan, folder=folder)
        yield Prepared(folder, snapshot, plan, comparison, results_of(config, comparison))


def leaderboard_of(stored: StoredLeaderboard) -> Leaderboard:
    return Leaderboard.model_validate(stored.model_dump(include=set(Leaderboard.model_fields)))


def parts(config: BalanceConfig, folder: Path, rows: int = 400) -> tuple[Snapshot, SplitPlan]:
    snapshot = snapshot_of(signal(rows), folder)
    return snapshot, split.fn(config, snapshot, UNCHECKED, folder=folder)


def results_of(config: BalanceConfig, comparison: Comparison) -> list[CandidateResult]:
    return [cross_validate.fn(comparison, one) for one in list_candidates(config.tournament)]


def ran(config: BalanceConfig, comparison: Comparison, snapshot: Snapshot) -> Leaderboard:
    return rank.fn(config, snapshot, comparison, results_of(config, comparison))


def ranked(config: BalanceConfig, prepared: Prepared) -> Leaderboard:
    return rank.fn(config, prepared.snapshot, prepared.comparison, prepared.results)


def test_only_train_rows_are_laid_out(prepared: Prepared) -> None:
    comparison = prepared.comparison
    assert comparison.snapshot.rows == int((read_partition(prepared.plan) == 0).sum())
    assert Path(comparison.folder).is_relative_to(prepared.folder)
    assert Comparison.model_validate_json(comparison.model_dump_json()) == comparison


def test_too_few_rows_are_refused(prepared: Prepared, tmp_path: Path) -> None:
    many = engine_config(tmp_path, tournament={"folds": 50})
    with pytest.raises(EvaluationError, match="folds"):
        prepare.fn(many, prepared.snapshot, prepared.plan, folder=prepared.folder)


def test_a_strategy_that_cannot_run_is_a_result_with_its_reason(prepared: Prepared) -> None:
    (result,) = [one for one in prepared.results if one.strategy == "smoten"]
    assert result.status == "refused"
    assert "categories" in result.reason


def test_the_leaderboard_is_written_whole_and_the_same_each_time(config: BalanceConfig, prepared: Prepared) -> None:
    comparison, snapshot = prepared.comparison, prepared.snapshot
    first, second = ranked(config, prepared), ran(config, comparison, snapshot)
    assert first.file == second.file
    assert sorted(Path(first.file).parent.iterdir()) == [Path(first.page), Path(first.file)]
    stored = StoredLeaderboard.model_validate_json(Path(first.file).read_text())
    assert leaderboard_of(stored) == second.model_copy(update={"file": "", "page": ""})
    for place in (prepared.folder, config.output.root):
        assert str(place) not in Path(first.file).read_text()
    assert [one.mean for one in first.entries] == [one.mean for one in second.entries]
    other = config.model_copy(update={"tournament": config.tournament.model_copy(update={"metric": "f1"})})
    assert ranked(other, prepared).file != first.file


def test_tables_show_everybody_in_the_prefect_ui(tmp_path: Path, prepared: Prepared) -> None:
    config, comparison = engine_config(tmp_path, name="shown-tournament", tournament=SETTINGS), prepared.comparison

    @flow
    def run() -> None:
        results = [cross_validate(comparison, one) for one in list_candidates(config.tournament)]
        rank(config, prepared.snapshot, comparison, results)

    run()
    table, text = stored_artifact("shown-tournament-leaderboard"), stored_artifact("shown-tournament-tournament")
    assert table is not None
    assert text is not None
    rows = json.loads(str(table.data))
    assert {row["strategy"] for row in rows} == {"none", "random_over", "smoten"}
    assert {row["learner"] for row in rows} == {"dummy", TREE}
    assert "## Set apart" in str(text.data)


def test_the_final_is_written_and_each_look_at_the_same_test_partition_is_counted_once(
    config: BalanceConfig, prepared: Prepared
) -> None:
    board = ranked(config, prepared)

    def looked(own: BalanceConfig) -> Leaderboard:
        return final_test.fn(own, prepared.snapshot, prepared.plan, prepared.comparison, board)

    tuned = config.model_copy(update={"resampling": config.resampling.model_copy(update={"ratio": 0.5})})
    first, other, again = looked(config), looked(tuned), looked(config)
    assert [one.final and one.final.earlier_looks for one in (first, other, again)] == [0, 1, 0]
    assert other.final is not None
    assert other.final.looks[0].key == Path(first.file).stem
    assert StoredLeaderboard.model_validate_json(Path(other.file).read_text()).final == other.final
    assert "1 comparison had accessed this test partition before" in Path(other.page).read_text()
    assert "This is the first access to this test partition" in Path(first.page).read_text()


def test_an_evaluated_version_counts_as_an_access_and_a_comparison_reports_it_to_the_next(tmp_path: Path) -> None:
    quick = {"learners": ["logistic_regression"], "bootstrap": 20}
    run = run_engine(signal(400), tmp_path, evaluation=quick, tournament={**SETTINGS, "strategies": ["random_over"]})

    def evaluated(one: EngineRun) -> dict[str, Any]:
        report = evaluate.fn(
            one.config, snapshot=one.snapshot, validation=UNCHECKED, split=one.split, resampling=one.resampling,
            version=one.version,
        )  # fmt: skip
        assert report is not None
        return dict(json.loads(Path(report.metrics).read_text())["looks"])

    assert evaluated(run)["earlier"] == []
    with processes_for(str(comparison_folder(tmp_path))):
        comparison = prepare.fn(run.config, run.snapshot, run.split, folder=tmp_path)
        board = ran(run.config, comparison, run.snapshot)
        decided = final_test.fn(run.config, run.snapshot, run.split, comparison, board)
    assert decided.final is not None
    (look,) = decided.final.looks
    assert (look.key, look.version) == (run.version.run_key, run.version.version)
    assert decided.final.test_digest == digest_of_test(run.snapshot, run.split)
    assert "1 version had accessed this test partition before" in Path(decided.page).read_text()
    assert "looked at by 1 version." in render_leaderboard(decided)
    brief = brief_of(decided)
    assert (brief.earlier_looks, brief.earlier_versions) == (0, 1)
    root = {"root": run.version.root}
    other = run_engine(signal(400), tmp_path / "o", evaluation=quick, resampling={"ratio": 0.5}, output=root)
    looks = evaluated(other)
    assert (looks["earlier_tournaments"], looks["earlier_versions"]) == (1, 1)


def test_another_split_is_another_test_partition(config: BalanceConfig, prepared: Prepared, tmp_path: Path) -> None:
    board, snapshot = ranked(config, prepared), prepared.snapshot
    final_test.fn(config, snapshot, prepared.plan, prepared.comparison, board)
    reseeded = config.model_copy(update={"seed": 1})
    other = split.fn(reseeded, snapshot, UNCHECKED, folder=tmp_path / "other")
    final = final_test.fn(reseeded, snapshot, other, prepared.comparison, board).final
    assert final is not None
    assert final.earlier_looks == 0


def test_folds_do_not_depend_on_the_order_of_candidates(config: BalanceConfig, prepared: Prepared) -> None:
    forth = {one.name: one.mean for one in prepared.results}
    back = [cross_validate.fn(prepared.comparison, one) for one in reversed(list_candidates(config.tournament))]
    assert forth == {one.name: one.mean for one in back}
    assert np.isfinite([mean["roc_auc"] or 0 for mean in forth.values() if mean]).all()
