"""Real and synthetic rows in two dimensions: the first principal components of the neighbour space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from counterpoise.results import Point, ProjectedClass, Projection
from counterpoise.runtime import child_seed
from counterpoise.typing import Ints, Matrix

__all__ = ["ProjectedRows", "project_rows"]


_MOST_ROWS = 500
_DIMENSIONS = 2


@dataclass(frozen=True)
class ProjectedRows:
    """The rows of interest to one class, as positions among the points, each in random order within its class.

    Attributes:
        name: The class.
        others: Real rows of the other classes, class after class.
        own: Real rows of the class.
        synthetic: Synthetic rows of the class.
    """

    name: str
    others: Ints
    own: Ints
    synthetic: Ints


def project_rows(points: Matrix, fitted_on: Ints, classes: Sequence[ProjectedRows], *, seed: int) -> Projection | None:
    """Return where at most 500 rows of each kind lie on the two axes along which real rows differ most.

    The axes are the principal components (Pearson 1901) of real rows alone, so that synthetic rows cannot turn them.
    Nothing is scaled again: as in the neighbour space, 1 is one standard deviation of a number.

    Args:
        points: All rows in the neighbour space, of shape (rows, dimensions).
        fitted_on: Positions of real rows, every class in its natural share.
        classes: What is shown; several classes share the 500 rows of a kind.
        seed: The run's seed, for where principal components are approximated: very wide tables.

    Returns:
        The projection; None where real rows do not differ.
    """
    from sklearn.decomposition import PCA

    real = points[fitted_on]
    if not real.size or not np.ptp(real, axis=0).any():
        return None
    seed = child_seed(seed, "synthetic quality", "projection")
    axes = PCA(n_components=min(_DIMENSIONS, *real.shape), random_state=seed).fit(real)
    most = max(1, _MOST_ROWS // len(classes))

    def placed(rows: Ints) -> tuple[Point, ...]:
        chosen = points[_evenly(rows, most)]
        return _as_points(axes.transform(chosen)) if len(chosen) else ()

    return Projection(
        fitted_rows=len(real),
        dimensions=points.shape[1],
        explained_variance=_padded(axes.explained_variance_ratio_),
        classes=tuple(
            ProjectedClass(
                name=one.name, others=placed(one.others), own=placed(one.own), synthetic=placed(one.synthetic)
            )
            for one in classes
        ),
    )


def _evenly(rows: Ints, most: int) -> Ints:
    """Return at most so many rows, evenly spread over their order: of several classes each in its share."""
    if len(rows) <= most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, most).round().astype(np.int64)]


def _as_points(found: Matrix) -> tuple[Point, ...]:
    return tuple(_padded(row) for row in found)


def _padded(values: npt.NDArray[np.float64]) -> Point:
    """Return two numbers of four significant digits; the second is 0 where there is but one dimension."""
    first, second, *_ = chain(values, [0.0])
    return float(f"{first:.4g}"), float(f"{second:.4g}")
