"""The snippets of docs/comparing.md work."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from counterpoise.compare._candidates import list_candidates
from counterpoise.compare._final.held_out import hold_out_tables
from counterpoise.compare._rounds.prepare import prepare_table
from counterpoise.compare._run import run_comparison
from counterpoise.compare._store import write_leaderboard
from counterpoise.config import build_config
from counterpoise.results import Rules
from tests.compare.comparisons import TREE, signal
from tests.snapshots import engine_config, mixed_table, run_engine

pytestmark = pytest.mark.slow

GUIDE = Path(__file__).parents[2] / "docs" / "comparing.md"


def shown(language: str) -> str:
    return blocks(language)[0]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE.read_text(), flags=re.MULTILINE | re.DOTALL)


def test_the_settings_make_a_comparison() -> None:
    settings = yaml.safe_load(shown("yaml"))
    basics: dict[str, Any] = {"name": "fraud", "source": {"path": "fraud.csv"}, "columns": {"target": "is_fraud"}}
    assert len(list_candidates(build_config(basics | settings).tournament)) == 14


def test_the_snippet_runs_a_comparison_with_its_final(tmp_path: Path) -> None:
    run = run_engine(
        mixed_table(600, share=0.3),
        tmp_path,
        columns={"target": "label", "ids": ["id"]},
        evaluation={"bootstrap": 20},
        tournament={"folds": 2, "strategies": ["random_over"], "learners": [TREE]},
    )
    known: dict[str, Any] = {"config": run.config, "snapshot": run.snapshot, "split": run.split}
    exec(shown("python"), known | {"folder": tmp_path / "comparison"}, known)  # noqa: S102  # our own document
    assert known["ranking"].final.verdict
    assert known["ranking"].final.test_digest


@pytest.mark.parametrize("calibration", ["sigmoid", "none"])
def test_the_winner_is_used_with_the_correction_and_threshold_of_the_file(tmp_path: Path, calibration: str) -> None:
    tables = [signal(rows, seed=seed).select(["a", "label"]) for rows, seed in ((800, 0), (500, 1), (600, 2))]
    learner = 'sklearn.linear_model:LogisticRegression {"class_weight": "balanced"}'
    config = engine_config(
        tmp_path, evaluation={"bootstrap": 0, "calibration": calibration},
        tournament={"folds": 2, "strategies": ["none"], "learners": [learner]},
    )  # fmt: skip
    comparison = prepare_table(Rules.of(config), tables[0], folder=tmp_path / "comparison")
    held = hold_out_tables(validation=tables[1], test=tables[2], folder=tmp_path / "comparison")
    leaderboard = write_leaderboard(config, "0" * 64, run_comparison(comparison, held_out=held, subprocesses=False))
    model = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced"))
    model.fit(tables[0].select(["a"]).to_pandas().to_numpy(), tables[0]["label"].to_numpy(zero_copy_only=False))
    known: dict[str, Any] = {"model": model, "features": tables[2].select(["a"]).to_pandas().to_numpy()}
    snippet = blocks("python")[1].replace("datasets/fraud/tournaments/KEY.json", leaderboard.file)
    exec(snippet, known)  # noqa: S102  # our own document
    told, winner = known["c"], known["winner"]
    assert np.mean(known["p"]) == pytest.approx(told["after"]["mean_probability"])
    assert told["before"]["mean_probability"] > 1.5 * np.mean(known["p"])
    confusion = winner["arm"]["confusion"]
    assert known["positive"].sum() == confusion["true_positives"] + confusion["false_positives"]
    if calibration == "sigmoid":
        assert np.mean(known["calibrated"]) == pytest.approx(told["calibrated"]["mean_probability"])
