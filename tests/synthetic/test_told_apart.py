"""The report says whether synthetic rows can be told from real ones, and by what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy import stats

from counterpoise.persist import DatasetFolder
from counterpoise.report import telling_warning
from counterpoise.results import ColumnGrid, PublishedMetrics, SyntheticReview, TellingRule
from counterpoise.synthetic._column_shift import FeatureValues
from counterpoise.synthetic._rule_shares import Shares, shares_of
from counterpoise.synthetic._told_apart import ClassRows, tell_apart
from counterpoise.verify._synthetic_rows import grid_differences
from counterpoise.versions import open_version
from tests.snapshots import EngineRun, run_engine
from tests.synthetic.conftest import found_quality

KINDS = {"x": pa.float64(), "y": pa.float64()}
DAYS = {"x": pa.date32(), "y": pa.duration("s")}


def rows_of(real: np.ndarray, synthetic: np.ndarray, *, seed: int = 0) -> ClassRows:
    """Return real and synthetic rows of two columns, the latter with parents at random."""
    rng, both = np.random.default_rng(seed), np.concatenate([real, synthetic])
    parents = rng.integers(0, len(real), (len(synthetic), 2))
    own = np.column_stack([np.arange(len(real)), np.full(len(real), -1)])
    made = np.arange(len(both)) >= len(real)
    rows = ClassRows(
        FeatureValues(both, np.zeros((len(both), 0))), made, np.concatenate([own, parents]),
        rng.permutation(len(both)).astype(np.uint64), KINDS, {},
    )  # fmt: skip
    return rows.take(rng.permutation(len(both)))


@pytest.mark.slow
def test_rows_of_one_distribution_cannot_be_told_apart() -> None:
    found = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        rows = rows_of(rng.normal(size=(300, 2)), rng.normal(size=(1_200, 2)), seed=seed)
        found.append(tell_apart(rows, name="yes", seed=seed))
    assert abs(np.mean([one.classifier.auc for one in found if one.classifier]) - 0.5) < 0.05
    assert not any(rule.tells for one in found for rule in one.rules)
    assert abs(np.mean([rule.auc for one in found for rule in one.rules]) - 0.5) < 0.03


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda values: values + 0.001, "format"),
        (lambda values: np.where(values > 0, values, 7.5), "value"),
        (lambda values: np.clip(values, -0.5, 0.5).round(2), "value"),
        (lambda values: values[:, [0, 0]], "equality"),
    ],
)
def test_a_rule_that_tells_synthetic_rows_is_found(change: Callable[[np.ndarray], np.ndarray], kind: str) -> None:
    rng = np.random.default_rng(3)
    real, synthetic = rng.normal(size=(400, 2)).round(2), rng.normal(size=(1_600, 2)).round(2)
    found = tell_apart(rows_of(real, change(synthetic)), name="yes", seed=0)
    assert found.rules[0].tells
    assert kind in {rule.kind for rule in found.rules if rule.tells}


def test_larger_values_alone_are_no_rule_on_how_values_are_written() -> None:
    rng = np.random.default_rng(4)
    real, larger = np.exp(rng.normal(4, 1, (800, 2))).round(2), np.exp(rng.normal(5, 1, (2_000, 2))).round(2)
    digits = [np.floor(values) % 9 for values in (real, larger**1.5)]  # each last digit is a value
    for one, other in ((real, larger), digits):
        found = tell_apart(rows_of(one, other), name="yes", seed=0)
        assert found.format is None or found.format.auc < 0.55
    written = np.where(rng.random((2_000, 2)) < 0.5, larger.round(), larger)  # larger, and written otherwise
    told = tell_apart(rows_of(real, written), name="yes", seed=0).format
    assert told is not None
    assert (told.tells, abs(told.auc - 0.75) < 0.05) == (True, True)


@given(
    seed=st.integers(0, 2**32 - 1), rows=st.integers(1, 200), share=st.floats(0, 1), strata=st.integers(1, 9)
)  # fmt: skip
def test_shares_and_their_interval_are_within_bounds_for_any_rows(
    seed: int, rows: int, share: float, strata: int
) -> None:
    rng = np.random.default_rng(seed)
    holds, synthetic = rng.random(rows) < share, rng.random(rows) < 0.5
    for groups in (None, rng.integers(0, strata, rows)):
        found = shares_of(holds, synthetic, groups)
        low, high = found.interval()
        assert -1 <= low <= found.difference <= high <= 1


def test_an_interval_is_that_of_scipys_shares() -> None:
    low, high = Shares(0.3, 0.2, 200, 100).interval()
    one, other = (stats.binomtest(k, n).proportion_ci(method="wilson") for k, n in ((60, 200), (20, 100)))
    assert low == pytest.approx(0.1 - np.hypot(0.3 - one.low, other.high - 0.2))
    assert high == pytest.approx(0.1 + np.hypot(one.high - 0.3, 0.2 - other.low))


def test_copies_of_real_rows_are_told_by_counting_equal_rows() -> None:
    rng = np.random.default_rng(1)
    rows = rows_of(rng.normal(size=(300, 2)), rng.normal(size=(900, 2)))
    copied = np.where(rows.synthetic & (rng.random(1_200) < 0.6), 7, rows.contents).astype(np.uint64)
    found = tell_apart(replace(rows, contents=copied), name="yes", seed=0)
    assert (found.rules[0].kind, found.rules[0].tells) == ("copy", True)
    assert found.rules[0].real == 0


def test_rules_on_times_say_times() -> None:
    rng = np.random.default_rng(2)
    real, late = rng.integers(19_000, 19_400, (300, 2)), rng.integers(19_300, 19_700, (900, 2))
    found = tell_apart(replace(rows_of(real.astype(float), late.astype(float)), kinds=DAYS), name="yes", seed=0)
    assert found.rules[0].tells
    assert any("2023" in rule.text for rule in found.rules)


def test_two_halves_of_few_rows_give_no_answer() -> None:
    rng = np.random.default_rng(0)
    found = tell_apart(rows_of(rng.normal(size=(30, 2)), rng.normal(size=(90, 2))), name="yes", seed=0)
    assert found.classifier is None
    assert found.rules == ()


def amounts(rows: int = 2_500) -> pa.Table:
    rng = np.random.default_rng(1)
    label = np.arange(rows) % 8 == 0
    amount = np.round(rng.lognormal(4 + 0.3 * label, 0.7), 2)
    return pa.table({"amount": amount, "size": rng.normal(size=rows), "label": label.astype("i1")})


def test_without_grids_digits_tell_synthetic_rows_and_a_warning_says_so(tmp_path: Path) -> None:
    def reviewed(grid: bool) -> SyntheticReview:
        run: EngineRun = run_engine(amounts(), tmp_path / str(grid), resampling={"strategy": "smote", "grid": grid})
        return SyntheticReview(quality=found_quality(run), outcomes=())

    told, plain = reviewed(grid=False), reviewed(grid=True)
    assert "amount more than 2 decimals holds for" in telling_warning(told)
    assert telling_warning(plain) == ""
    (found,) = plain.quality.told_apart
    assert found.format is not None
    assert found.format.auc <= 0.55
    assert [(one.column, one.text) for one in plain.quality.grids] == [("amount", "steps of 0.01")]
    (other,) = told.quality.told_apart
    assert found.classifier is not None
    assert other.classifier is not None
    assert found.classifier.auc < other.classifier.auc


@pytest.mark.parametrize("forged", [{"auc": 0.9}, {"low": 0.7}, {"real": 0.5}, {"synthetic": 1.5}])
def test_a_record_whose_figures_contradict_each_other_is_refused(forged: dict[str, float]) -> None:
    right = {"kind": "value", "column": "x", "text": "missing", "synthetic": 0.4, "real": 0.2, "auc": 0.6}
    TellingRule.model_validate({**right, "low": 0.55, "high": 0.65})
    with pytest.raises(ValidationError, match=r"AUC|less than"):
        TellingRule.model_validate({**right, "low": 0.55, "high": 0.65, **forged})


def test_verification_finds_a_grid_that_is_not_the_recipes(tmp_path: Path) -> None:
    run = run_engine(amounts(), tmp_path, resampling={"strategy": "smote"})
    quality, folder = found_quality(run), DatasetFolder.of(run.version)

    def differences(*grids: ColumnGrid) -> list[str]:
        known: dict[str, Any] = {"synthetic_quality": quality.model_copy(update={"grids": grids})}
        record = PublishedMetrics.model_construct(**known)
        return list(grid_differences(folder, record, run.version.version))

    assert differences(*quality.grids) == []
    assert differences() == ["grid of amount is None instead of steps of 0.01"]
    coarser = ColumnGrid(column="amount", text="steps of 0.1")
    assert differences(coarser) == ["grid of amount is steps of 0.1 instead of steps of 0.01"]
    assert differences(*quality.grids, ColumnGrid(column="size", text="steps of 1")) == [
        "grid of size is steps of 1 instead of None"
    ]


def test_a_repetition_equals_its_row_in_every_column(tmp_path: Path) -> None:
    run = run_engine(amounts(), tmp_path, resampling={"strategy": "random_over"})
    version = open_version(f"{run.version.root}/{run.version.dataset}")
    train, keys = version.to_arrow("train"), version.to_arrow("keys/train")
    rows: dict[Any, Any] = {}
    for source, row in zip(keys["source_row"].to_pylist(), train.to_pylist(), strict=True):
        assert rows.setdefault(source, row) == row
    assert len(rows) == train.num_rows - run.resampling.repeated
    assert run.resampling.repeated > 0
