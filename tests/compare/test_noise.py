"""On labels that are noise, what the final says of every strategy must be what an interval of 95 % promises."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from counterpoise.compare._final.finalist_scores import score_finalist, task_of
from counterpoise.compare._final.held_out import hold_out_tables
from counterpoise.compare._final.refit import refit
from counterpoise.compare._rounds.encoding import encode_final
from counterpoise.config import OWN_LEARNERS
from counterpoise.evaluate import arm_record, paired_differences, resample_arms, strategy_verdict
from counterpoise.strategies import STRATEGIES
from tests.compare.comparisons import TREE, candidate, comparison_of

pytestmark = pytest.mark.slow

STRATEGY_NAMES = (
    "none",
    "class_weight",
    "threshold",
    *(name for name in STRATEGIES if name not in ("auto", "none")),
    *OWN_LEARNERS,
)
MAY_BE_REFUSED = {"smoten", "kmeans_smote", "rus_boost"}
"""Needs only categories; needs clusters with a minority; needs members that are better than chance."""
TABLES = 4
FEWEST_COVERED = 2
"""Of four independent intervals of 95 %, three or more miss in five of ten thousand cases."""
LEAST_SHARE = 0.88
"""Of a hundred intervals 95 should cover; strategies share their tables, so that misses come together."""

WIDEST = 0.3
"""An interval that covers everything would say nothing; chance is 0.2 here, and a leak gives more than 0.5."""


def noise(rows: int, seed: int) -> pa.Table:
    rng = np.random.default_rng(seed)
    return pa.table(
        {
            "a": rng.normal(size=rows),
            "b": rng.normal(size=rows),
            "c": rng.choice(list("pqr"), rows),
            "label": np.where(rng.permutation(rows) < rows // 5, "yes", "no"),
        }
    )


def judged(folder: Path, seed: int) -> dict[str, tuple[bool, str]]:
    """Return by strategy that was not refused whether its interval covers prevalence, and the verdict on it.

    Learners are trained on 240 rows, and asked about 500 others, 100 of them positive.
    """
    comparison = comparison_of(noise(240, 3 * seed), folder, evaluation={"bootstrap": 200}, folds=2)
    rows = hold_out_tables(
        validation=noise(100, 3 * seed + 1), test=noise(500, 3 * seed + 2), folder=Path(comparison.folder)
    )
    encode_final(comparison, rows)
    task, found = task_of(comparison, rows), {}
    for name in STRATEGY_NAMES:
        done = refit(comparison, candidate(name, name if name in OWN_LEARNERS else TREE))
        if done.status == "ok":
            found[name] = score_finalist(task, done)
        else:
            assert (done.status, name in MAY_BE_REFUSED) == ("refused", True), (name, done.reason)
    resampled, _ = resample_arms(task, [one.arm for one in found.values()], seed=seed)
    plain, outcomes = found["none"], {}
    for name, one in found.items():
        record = arm_record(one.arm, one.predictions, resampled[one.key], task=task)
        interval = record["intervals"]["average_precision"]
        assert interval["high"] - interval["low"] < WIDEST, name
        ranking = {metric: record["test"][metric] for metric in ("average_precision", "roc_auc")}
        differences = paired_differences(ranking, plain.arm.record["test"], resampled[one.key], resampled[plain.key])
        compared = {"learner": one.refit.learner, "differences": differences}
        verdict = strategy_verdict(compared, strategy=name, rows=task.deciding_rows, counted=task.counted)
        outcomes[name] = (interval["low"] <= task.chance <= interval["high"], str(verdict["outcome"]))
    return outcomes


@pytest.fixture(name="tables", scope="module")
def _tables(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, tuple[bool, str]]]:
    return [judged(tmp_path_factory.mktemp("noise"), seed) for seed in range(TABLES)]


@pytest.mark.parametrize("strategy", [name for name in STRATEGY_NAMES if name not in MAY_BE_REFUSED])
def test_the_interval_of_every_strategy_covers_the_prevalence(
    tables: list[dict[str, tuple[bool, str]]], strategy: str
) -> None:
    assert sum(found[strategy][0] for found in tables) >= FEWEST_COVERED


def test_of_all_intervals_about_95_percent_cover_the_prevalence(tables: list[dict[str, tuple[bool, str]]]) -> None:
    covered = [one for found in tables for one, _ in found.values()]
    assert len(covered) >= TABLES * (len(STRATEGY_NAMES) - len(MAY_BE_REFUSED))
    assert np.mean(covered) >= LEAST_SHARE


def test_hardly_a_strategy_is_said_to_help(tables: list[dict[str, tuple[bool, str]]]) -> None:
    """One in forty intervals of a difference lies above zero by chance."""
    verdicts = [verdict for found in tables for name, (_, verdict) in found.items() if name != "none"]
    assert verdicts.count("helped") <= 0.06 * len(verdicts)
