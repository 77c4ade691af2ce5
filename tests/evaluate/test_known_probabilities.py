"""Generated tables whose probabilities are known, through the engine's own resampling and the learners."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from counterpoise.evaluate._arms import Predictions, train_arms
from counterpoise.evaluate._calibration.calibrated import calibrate
from counterpoise.evaluate._inputs import load_tables
from counterpoise.evaluate._tables import EvaluationTables, LabelCodes, read_label_codes
from tests.snapshots import run_engine

pytestmark = pytest.mark.slow

_COEFFICIENTS = np.array([1.0, -0.7])
_FEATURES = ("a", "b")
_CLOSE = {"logistic_regression": 0.005, "hist_gradient_boosting": 0.03}
"""Mean distance from the known probabilities: of one, learners with many leaves keep more."""


def known_probabilities(table: pa.Table, level: float) -> np.ndarray:
    features = np.column_stack([table[name].to_numpy() for name in _FEATURES])
    return np.asarray(1 / (1 + np.exp(-(features @ _COEFFICIENTS + level))))


def generated_table(rows: int, level: float) -> pa.Table:
    rng = np.random.default_rng(8)
    features = {name: rng.normal(size=rows) for name in _FEATURES}
    known = known_probabilities(pa.table(features), level)
    return pa.table({**features, "label": (rng.random(rows) < known).astype(np.int64)})


def trained(
    tables: EvaluationTables, strategy: str, learners: tuple[str, ...] = tuple(_CLOSE)
) -> tuple[LabelCodes, dict[str, Predictions]]:
    codes = read_label_codes(tables)
    arms = train_arms(tables, codes, strategies=(strategy,), learners=learners, seed=1)  # type: ignore[arg-type]
    return codes, {arm.learner: arm for arm in arms if isinstance(arm, Predictions)}


@pytest.fixture(scope="module", params=["random_over", "random_under"])
def arms(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[np.ndarray, LabelCodes, dict[str, Predictions]]:
    run = run_engine(
        generated_table(200_000, -1.8),
        tmp_path_factory.mktemp("known"),
        group_rows=50_000,
        columns={"target": "label"},
        resampling={"strategy": request.param},
    )
    tables = load_tables(run.config, snapshot=run.snapshot, split=run.split, version=run.version)
    return known_probabilities(tables.test, -1.8), *trained(tables, request.param)


@pytest.mark.parametrize("learner", list(_CLOSE))
def test_corrected_probabilities_are_the_known_ones(
    arms: tuple[np.ndarray, LabelCodes, dict[str, Predictions]], learner: str
) -> None:
    known, codes, predictions = arms
    made = calibrate(predictions[learner], codes, positive=1, method="sigmoid", seed=0)
    stages = made.stages(predictions[learner].test[:, 1])
    prevalence = float((codes.test == 1).mean())
    assert stages["before"].mean() > 1.9 * prevalence
    for kind in ("after", "calibrated"):
        assert stages[kind].mean() == pytest.approx(prevalence, rel=0.02), kind
        assert np.abs(stages[kind] - known).mean() < _CLOSE[learner], kind


def test_calibration_repairs_what_the_correction_leaves_of_a_learner_that_knows_its_copies_by_heart(
    split_tables: object,
) -> None:
    tables = split_tables(generated_table(20_000, -3.2), "label")  # type: ignore[operator]
    codes, predictions = trained(tables, "random_over", ("hist_gradient_boosting",))
    arm = predictions["hist_gradient_boosting"]
    stages = calibrate(arm, codes, positive=1, method="auto", seed=0).stages(arm.test[:, 1])
    prevalence = float((codes.test == 1).mean())
    assert stages["after"].mean() < 0.9 * prevalence
    assert stages["calibrated"].mean() == pytest.approx(prevalence, rel=0.05)
