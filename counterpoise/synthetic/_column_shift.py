"""Measure, column by column, how far the values of synthetic rows differ from those of real rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from counterpoise.results import ColumnDrift
from counterpoise.typing import Ints, Mask, Matrix

_EXAMPLES = 5
_CHARACTERS = 100


@dataclass(frozen=True)
class FeatureValues:
    """Features of some rows as numbers: interpolated ones with NaN for missing values, voted ones as level codes."""

    numbers: Matrix
    codes: Matrix

    def __len__(self) -> int:
        return len(self.numbers)

    def take(self, chosen: Mask | Ints) -> FeatureValues:
        """Return a selection of the rows."""
        return FeatureValues(self.numbers[chosen], self.codes[chosen])


def column_drifts(
    real: FeatureValues, synthetic: FeatureValues, *, interpolated: tuple[str, ...], voted: dict[str, pa.Array]
) -> list[ColumnDrift]:
    """Return the drift of every column, worst first.

    Args:
        real: Real rows of a class.
        synthetic: Synthetic rows of the class.
        interpolated: The names of the numeric columns.
        voted: The levels of the voted columns by name, in code order.
    """
    if not (len(real) and len(synthetic)):
        return []
    numbers = zip(interpolated, real.numbers.T, synthetic.numbers.T, strict=True)
    codes = zip(voted.items(), real.codes.T, synthetic.codes.T, strict=True)
    drifts = [interpolated_drift(name, own, made) for name, own, made in numbers]
    drifts += [voted_drift(name, own, made, levels=levels) for (name, levels), own, made in codes]
    return sorted(drifts, key=lambda one: (-one.drift, one.column))


def interpolated_drift(column: str, real: Matrix, synthetic: Matrix) -> ColumnDrift:
    """Compare numbers; missing values are compared by their share."""
    shares, p_value = _compare_shares(np.isnan(real).astype(np.int64), np.isnan(synthetic).astype(np.int64), 2)
    drift = abs(shares[0, 1] - shares[1, 1])
    own, made = real[~np.isnan(real)], synthetic[~np.isnan(synthetic)]
    if len(own) and len(made):
        drift, p_value = max(_kolmogorov_smirnov(own, made), (drift, p_value))
    return ColumnDrift(
        column=column,
        kind="interpolated",
        drift=_rounded(drift),
        p_value=_rounded(p_value),
        missing_real=_rounded(shares[0, 1]),
        missing_synthetic=_rounded(shares[1, 1]),
        **_moments(own, made),
    )


def _kolmogorov_smirnov(real: Matrix, synthetic: Matrix) -> tuple[float, float]:
    """Return the statistic and its p-value, which is 1 if either side has only one row."""
    from scipy import stats

    with np.errstate(divide="ignore", invalid="ignore"):
        test = stats.ks_2samp(real, synthetic, method="asymp")
    return float(test.statistic), float(test.pvalue) if np.isfinite(test.pvalue) else 1.0


def _moments(real: Matrix, synthetic: Matrix) -> dict[str, float | None]:
    """Compare means and standard deviations."""
    if not (len(real) and len(synthetic)):
        return {}
    with np.errstate(all="ignore"):
        pooled = np.sqrt((real.var() + synthetic.var()) / 2)
        difference, ratio = (synthetic.mean() - real.mean()) / pooled, synthetic.std() / real.std()
    return {"mean_difference": _finite(difference), "spread_ratio": _finite(ratio)}


def voted_drift(column: str, real: Matrix, synthetic: Matrix, *, levels: pa.Array) -> ColumnDrift:
    """Compare level codes.

    Args:
        column: The column's name.
        real: Codes of real rows.
        synthetic: Codes of synthetic rows.
        levels: The levels in code order, a missing value last.
    """
    from scipy.spatial.distance import cityblock

    shares, p_value = _compare_shares(real.astype(np.int64), synthetic.astype(np.int64), len(levels))
    own, made = shares
    lost = np.flatnonzero((own > 0) & (made == 0))
    frequent = lost[np.argsort(-own[lost], kind="stable")][:_EXAMPLES]
    moved = int(np.argmax(abs(own - made)))
    level = levels[moved].as_py()
    return ColumnDrift(
        column=column,
        kind="voted",
        drift=_rounded(float(cityblock(own, made)) / 2),
        p_value=_rounded(p_value),
        missing_real=_rounded(own[-1]),
        missing_synthetic=_rounded(made[-1]),
        moved_level=None if level is None else _text(level),
        moved_real=_rounded(own[moved]),
        moved_synthetic=_rounded(made[moved]),
        levels_lost=len(lost),
        lost_share=_rounded(own[lost].sum()),
        lost_examples=tuple(_text(levels[int(code)].as_py()) for code in frequent),
    )


def _compare_shares(real: Ints, synthetic: Ints, levels: int) -> tuple[Matrix, float]:
    """Return the levels' shares among real and synthetic rows, of shape (2, levels), and the p-value of chi-square."""
    from scipy import stats

    counts = np.stack([np.bincount(codes, minlength=levels) for codes in (real, synthetic)])
    present = counts[:, counts.any(axis=0)]
    p_value = float(stats.chi2_contingency(present).pvalue) if present.shape[1] > 1 else 1.0
    return counts / counts.sum(axis=1, keepdims=True), p_value


def _finite(value: float) -> float | None:
    return _rounded(value) if np.isfinite(value) else None


def _text(level: object) -> str:
    text = "missing" if level is None else str(level).lower() if isinstance(level, bool) else str(level)
    return text if len(text) <= _CHARACTERS else text[: _CHARACTERS - 1] + "…"


def _rounded(value: float) -> float:
    return float(f"{value:.6g}")
