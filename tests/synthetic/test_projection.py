from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from counterpoise.results import Projection
from counterpoise.synthetic._projection import ProjectedRows, project_rows
from tests.snapshots import EngineRun, mixed_table
from tests.synthetic.conftest import found_quality, numbers_table

MakeRun = Callable[..., EngineRun]


def projected(points: np.ndarray, *, real: int, classes: int = 1) -> Projection:
    every = np.arange(len(points))
    own = [
        ProjectedRows(str(name), every[: real // 2], every[real // 2 : real], every[real:]) for name in range(classes)
    ]
    found = project_rows(points, every[:real], own, seed=0)
    assert found is not None
    return found


def test_axes_are_the_directions_in_which_real_rows_differ_most() -> None:
    rng = np.random.default_rng(0)
    plane = rng.normal(size=(400, 2)) * [5.0, 2.0]
    turn, _ = np.linalg.qr(rng.normal(size=(6, 6)))
    points = np.hstack([plane, 0.01 * rng.normal(size=(400, 4))]) @ turn
    found = projected(points, real=400)
    assert found.dimensions == 6
    assert sum(found.explained_variance) > 0.999
    assert found.explained_variance[0] == pytest.approx(25 / 29, abs=0.05)
    drawn = np.array(found.classes[0].others)
    centred = plane - plane.mean(axis=0)
    for axis in (0, 1):
        assert abs(np.corrcoef(drawn[:, axis], centred[:200, axis])[0, 1]) > 0.99


def test_synthetic_rows_do_not_turn_the_axes() -> None:
    rng = np.random.default_rng(0)
    real = rng.normal(size=(300, 3)) * [3.0, 1.0, 0.1]
    one = projected(np.vstack([real, rng.normal(size=(300, 3))]), real=300)
    other = projected(np.vstack([real, 1_000 * rng.normal(size=(300, 3))]), real=300)
    assert one.explained_variance == other.explained_variance
    assert one.classes[0].own == other.classes[0].own
    assert one.classes[0].synthetic != other.classes[0].synthetic


def test_classes_share_the_rows_that_are_drawn() -> None:
    points = np.random.default_rng(0).normal(size=(6_000, 3))
    for classes, most in ((1, 500), (4, 125)):
        found = projected(points, real=4_000, classes=classes)
        assert len(found.classes) == classes
        for part in found.classes:
            assert {len(part.others), len(part.own), len(part.synthetic)} == {most}


def test_a_sample_of_several_classes_has_each_in_its_share() -> None:
    points = np.zeros((10_000, 2))
    points[:9_000, 0], points[9_000:, 0] = 1.0, 5.0
    points[:, 1] = np.random.default_rng(0).normal(size=10_000) / 100
    every = np.arange(10_000)
    found = project_rows(points, every, [ProjectedRows("a", every, every[:1], every[:0])], seed=0)
    assert found is not None
    first = np.array(found.classes[0].others)[:, 0]
    assert np.mean(np.abs(first) > 1) == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize(
    "points", [np.ones((5, 3)), np.zeros((5, 0)), np.ones((1, 2))], ids=["equal", "empty", "one row"]
)
def test_rows_that_do_not_differ_have_no_projection(points: np.ndarray) -> None:
    every = np.arange(len(points))
    assert project_rows(points, every, [ProjectedRows("a", every, every, every)], seed=0) is None


def test_a_single_feature_lies_on_one_axis() -> None:
    found = projected(np.arange(10.0).reshape(-1, 1), real=10)
    assert found.explained_variance == (1.0, 0.0)
    assert {y for _, y in found.classes[0].own} == {0.0}


def test_a_run_with_synthetic_rows_has_its_projection(smote_run: MakeRun) -> None:
    quality = found_quality(smote_run(mixed_table(1_200, share=0.1)))
    projection = quality.projection
    assert projection is not None
    (part,) = projection.classes
    assert part.name == "1"
    assert projection.fitted_rows == quality.real_rows
    assert len(part.own) == quality.classes[0].real_rows
    assert 0 < sum(projection.explained_variance) <= 1
    assert json.loads(projection.model_dump_json())["classes"][0]["synthetic"]


def test_the_projection_follows_from_rows_and_seed(smote_run: MakeRun, tmp_path: Any) -> None:
    run = smote_run(numbers_table(4_000))
    assert found_quality(run).projection == found_quality(run).projection


def test_classes_far_apart_lie_apart_on_the_first_axis(smote_run: MakeRun) -> None:
    projection = found_quality(smote_run(numbers_table(2_000, apart=20.0))).projection
    assert projection is not None
    (part,) = projection.classes
    own, others = np.array(part.own), np.array(part.others)
    middle = (own[:, 0].mean() + others[:, 0].mean()) / 2
    assert (own[:, 0] > middle).all() != (others[:, 0] > middle).all()
    synthetic = np.array(part.synthetic)
    assert ((synthetic[:, 0] > middle) == (own[0, 0] > middle)).all()
