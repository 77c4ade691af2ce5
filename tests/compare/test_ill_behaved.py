"""A learner may do what it likes: it costs its own candidate, and nothing else."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from counterpoise.compare._ranking_text import render_leaderboard
from counterpoise.compare._rounds.cross_validate import cross_validate
from counterpoise.compare._run import run_comparison
from counterpoise.config._sections.timeouts import TimeoutsConfig
from counterpoise.results import CandidateResult, Comparison, Leaderboard, Rules
from tests.compare.comparisons import (
    TREE,
    candidate,
    comparison_config,
    comparison_of,
    processes_of_this_one,
    scores,
    signal,
)
from tests.compare.ill_behaved import ANSWERS, CLASSES, DEEDS, ENDLESS, RANKINGS, learner

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs descriptors of processes"),
]

_BAD_ANSWERS = {
    **dict.fromkeys(ANSWERS, r"fold 1: \[bad_probabilities\] needs "),
    **dict.fromkeys(CLASSES, r"fold 1: \[bad_(classes|probabilities)\] needs "),
    **dict.fromkeys(RANKINGS, r"fold 1: \[bad_(scores|decisions)\] needs "),
}


@pytest.fixture(name="comparison", scope="module")
def _comparison(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Comparison]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(Path(__file__).parents[2])
        yield comparison_of(signal(120), tmp_path_factory.mktemp("ill"), folds=2, strategies=["none"], learners=[TREE])


def held(comparison: Comparison, *learners: str, minutes: float = 0.0) -> Leaderboard:
    """Run a comparison of learners, two at a time."""
    config = comparison_config(folds=2, strategies=["none"], learners=list(learners), workers=2)
    config = config.model_copy(update={"timeouts": TimeoutsConfig(entry=minutes)})
    return run_comparison(comparison.model_copy(update={"rules": Rules.of(config)}))


def by_learner(leaderboard: Leaderboard) -> dict[str, CandidateResult]:
    return {one.learner: one for one in leaderboard.entries}


@pytest.fixture(name="boards", scope="module")
def _boards(comparison: Comparison) -> list[Leaderboard]:
    """Return what becomes of all that end by themselves, with a good learner among them."""
    culprits = [learner(how) for how in (*DEEDS, *_BAD_ANSWERS)]
    parts = [culprits[first : first + 30] for first in range(0, len(culprits), 30)]
    return [held(comparison, *part[:15], TREE, *part[15:]) for part in parts]


@pytest.fixture(name="found", scope="module")
def _found(boards: list[Leaderboard]) -> dict[str, CandidateResult]:
    return {name: result for leaderboard in boards for name, result in by_learner(leaderboard).items()}


@pytest.mark.parametrize("how", DEEDS)
def test_what_a_learner_does_affects_only_its_own_candidate(found: dict[str, CandidateResult], how: str) -> None:
    result, reason = found[learner(how)], DEEDS[how][1]
    assert (result.status != "ok") == bool(reason), result.reason
    assert re.search(reason, result.reason)
    if not reason:
        assert result.mean["roc_auc"] == 0.5


@pytest.mark.parametrize("how", _BAD_ANSWERS)
def test_what_is_no_answer_is_not_ranked(found: dict[str, CandidateResult], how: str) -> None:
    result = found[learner(how)]
    assert result.status == "failed"
    assert re.match(_BAD_ANSWERS[how], result.reason)
    assert len(result.reason) < 700


def test_a_good_learner_is_none_the_worse_and_nothing_is_left(
    comparison: Comparison, boards: list[Leaderboard]
) -> None:
    good = scores(cross_validate(comparison, candidate("none")))
    for leaderboard in boards:
        found = by_learner(leaderboard)
        assert scores(found[TREE]) == good
        assert found["dummy"].status == "ok"
        assert "\x1b" not in render_leaderboard(leaderboard)
        assert Leaderboard.model_validate_json(leaderboard.model_dump_json()) == leaderboard
    assert sum(len(leaderboard.entries) - 2 for leaderboard in boards) == len(DEEDS) + len(_BAD_ANSWERS)
    assert processes_of_this_one() == []
    assert sorted(path.name for path in Path(comparison.folder).parent.iterdir()) == ["comparison"]
    assert list(Path(comparison.folder, "jobs").iterdir()) == []


def test_a_learner_that_never_ends_fails_its_candidate(comparison: Comparison) -> None:
    endless = [how for how in ENDLESS if ENDLESS[how][1] == "took longer than"]
    found = by_learner(held(comparison, *[learner(how, f"{comparison.folder}/never") for how in endless], minutes=0.05))
    for how in endless:
        result = found[learner(how, f"{comparison.folder}/never")]
        assert (result.status, result.reason) == ("failed", "took longer than 0.05 minutes (timeouts.entry)")
    assert processes_of_this_one() == []


def test_a_learner_that_stops_the_process_that_started_it_fails_its_candidate(
    comparison: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("counterpoise.compare._processes.template._SECONDS_TO_REPORT", 3.0)
    monkeypatch.setattr("counterpoise.compare._processes.template._SECONDS_TO_END", 1.0)
    stopping = learner("stops its parent")
    found = by_learner(held(comparison, stopping, TREE))
    assert re.search(ENDLESS["stops its parent"][1], found[stopping].reason)
    assert {one.status for name, one in found.items() if name != stopping} == {"ok"}
    assert processes_of_this_one() == []
