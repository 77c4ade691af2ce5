from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterName
from prefect.client.schemas.objects import TaskRun

from counterpoise import compare as room  # tasks look names up at its door
from counterpoise import compare as store
from counterpoise.config import BalanceConfig
from counterpoise.errors import CounterpoiseError
from counterpoise.flows.command_line import run_command
from counterpoise.flows.compare import compare
from counterpoise.results import Candidate, CandidateResult, Comparison, Leaderboard
from tests.compare.comparisons import processes_of_this_one
from tests.flows.tables import configured

pytestmark = pytest.mark.slow

TOURNAMENT = {"strategies": ["random_over", "smoten"], "learners": ["logistic_regression"], "folds": 3}


def tournament(folder: Path, *overrides: str, **sections: Any) -> BalanceConfig:
    return configured(folder, *overrides, tournament=TOURNAMENT, **sections)


def task_runs_of(dataset: str) -> list[TaskRun]:
    with get_client(sync_client=True) as client:
        name = FlowRunFilterName(any_=[f"compare-{dataset}"])
        return client.read_task_runs(flow_run_filter=FlowRunFilter(name=name))


def scores(board: Leaderboard) -> list[tuple[str, str, Any]]:
    return [(one.strategy, one.learner, one.folds) for one in board.entries]


def test_the_leaderboard_has_every_candidate_and_nothing_is_published(tmp_path: Path) -> None:
    config = tournament(tmp_path, name="competing")
    board = compare(config)
    assert isinstance(board, Leaderboard)
    shown = {(one.strategy, one.learner): one.status for one in board.entries}
    assert shown == {
        ("none", "dummy"): "ok",
        ("none", "logistic_regression"): "ok",
        ("random_over", "logistic_regression"): "ok",
        ("smoten", "logistic_regression"): "refused",
    }
    assert board.rows == 360
    assert board.final is not None
    assert board.final.verdict in Path(board.page).read_text()
    assert sorted(path.name for path in (tmp_path / "datasets/competing").iterdir()) in (
        ["tournaments"],
        [".staging", "tournaments"],
    )
    assert list((tmp_path / "datasets/competing").glob(".staging/*")) == []
    assert processes_of_this_one() == []
    names = {run.name for run in task_runs_of("competing")}
    assert {"none, dummy", "random_over, logistic_regression", "smoten, logistic_regression"} <= names


def test_a_retry_runs_no_candidate_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    candidates: list[str] = []
    cross_validate, write, failures = room.cross_validate_in_process, store.write_page, [ZeroDivisionError("disk")]

    def counted(comparison: Comparison, candidate: Candidate) -> CandidateResult:
        candidates.append(candidate.name)
        return cross_validate(comparison, candidate)

    def failing(config: BalanceConfig, digest: str, board: Leaderboard, page: str) -> Leaderboard:
        if failures:
            raise failures.pop()
        return write(config, digest, board, page)

    monkeypatch.setattr(room, "cross_validate_in_process", counted)
    monkeypatch.setattr(store, "write_page", failing)
    board = compare.with_options(retries=1)(tournament(tmp_path, name="retried-tournament"))
    assert isinstance(board, Leaderboard)
    assert all(isinstance(one, CandidateResult) for one in board.entries)
    assert sorted(candidates) == sorted(one.name for one in board.entries)


def test_without_a_final_test_is_not_accessed(tmp_path: Path) -> None:
    board = compare(tournament(tmp_path, "tournament.final=false", name="without-final"))
    assert isinstance(board, Leaderboard)
    assert board.final is None
    assert "Test was not accessed" in Path(board.page).read_text()
    assert not (tmp_path / "datasets/without-final/tournaments/looks").exists()


def test_bad_data_is_refused_as_by_balance(tmp_path: Path) -> None:
    config = tournament(tmp_path, name="refused-tournament")
    (tmp_path / "table.csv").write_text("id,x,y,label\n" + "".join(f"r{n},{n},1,no\n" for n in range(100)))
    with pytest.raises(CounterpoiseError, match="single_class"):
        compare(config)
    assert not (tmp_path / "datasets/refused-tournament/tournaments").exists()


def test_the_command_prints_a_table_and_reasons(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    path = tmp_path / "tested.yaml"
    path.write_text(yaml.safe_dump(tournament(tmp_path).published()))
    assert run_command(["compare", str(path)]) == 0
    out, err = capfd.readouterr()
    assert "average precision" in out
    assert "smoten, logistic_regression: refused: needs only categories" in out
    assert "Chosen: " in out
    assert "Final: " in out
    (page,) = (tmp_path / "datasets").glob("*/tournaments/*.html")
    assert str(page) in out
    assert "  cross_validate: none, dummy: " in err


def test_the_command_prints_one_json_object_the_same_leaderboard_each_time(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    config, path = tournament(tmp_path, "tournament.metric=mcc"), tmp_path / "tested.yaml"
    path.write_text(yaml.safe_dump(tournament(tmp_path).published()))
    assert run_command(["compare", str(path), "--set", "tournament.metric=mcc", "--json"]) == 0
    told = json.loads(capfd.readouterr().out)
    assert told.pop("seconds") > 0
    first, second = Leaderboard.model_validate(told), compare(config)
    assert first.metric == "mcc"
    assert Path(first.file).exists()
    assert scores(first) == scores(second)
    assert (first.chosen, first.file) == (second.chosen, second.file)


LEARNERS = """
from sklearn.base import BaseEstimator

class ThatRaises(BaseEstimator):
    def __init__(self):
        raise RuntimeError("cannot be built")

    def fit(self, X, y): pass
"""


@pytest.mark.parametrize(
    ("learner", "reason"),
    [
        ("broken_learners:Model", "not_importable"),
        ("refused_learners:ThatRaises", "parameters"),
    ],
)
def test_a_refused_learner_exits_with_2_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], learner: str, reason: str
) -> None:
    """`tests/compare/test_subprocesses.py` has the other reasons."""
    (tmp_path / "refused_learners.py").write_text(LEARNERS)
    (tmp_path / "broken_learners.py").write_text("1 / 0")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "refused_learners", raising=False)  # other tests have one of this name
    path = tmp_path / "tested.yaml"
    path.write_text(yaml.safe_dump(tournament(tmp_path).published()))
    assert run_command(["compare", str(path), "--set", f"tournament.learners={json.dumps([learner])}"]) == 2
    said = capfd.readouterr().err
    assert f"evaluate: {reason}" in said
    assert "cross_validate" not in said
    assert processes_of_this_one() == []


def test_a_run_takes_no_learner_by_import_path(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "tested.yaml"
    path.write_text(yaml.safe_dump(tournament(tmp_path).published()))
    assert run_command(["run", str(path), "--set", 'evaluation.learners=["sklearn.tree:DecisionTreeClassifier"]']) == 2
    assert "evaluation.learners" in capfd.readouterr().err


def test_a_strategy_that_is_unknown_ends_with_2(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "tested.yaml"
    path.write_text(yaml.safe_dump(tournament(tmp_path).published()))
    assert run_command(["compare", str(path), "--set", 'tournament.strategies=["smoth"]']) == 2
    assert "smoth" in capfd.readouterr().err
