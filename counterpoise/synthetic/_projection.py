"""Project real and synthetic rows to two dimensions: the first principal components of the neighbour space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from counterpoise.results import Point, ProjectedClass, Projection
from counterpoise.runtime import child_seed
from counterpoise.typing import Floats, Ints, Matrix

_MOST_ROWS = 500
_DIMENSIONS = 2


@dataclass(frozen=True)
class ProjectedRows:
    """The rows to show for one class, as positions among the points, each in random order within its class.

    Attributes:
        name: The class.
        others: Real rows of the other classes, class by class.
        own: Real rows of the class.
        synthetic: Synthetic rows of the class.
    """

    name: str
    others: Ints
    own: Ints
    synthetic: Ints


def project_rows(points: Matrix, fitted_on: Ints, classes: Sequence[ProjectedRows], *, seed: int) -> Projection | None:
    """Project at most 500 rows of each kind to the two axes along which real rows differ most.

    The axes are the principal components (Pearson 1901) of real rows only, so that synthetic rows cannot affect them.
    The values are not scaled again: as in the neighbour space, 1 is one standard deviation of a number.

    Args:
        points: All rows in the neighbour space, of shape (rows, dimensions).
        fitted_on: Positions of real rows, with every class in its natural share.
        classes: The rows to show; several classes share the 500 rows of a kind.
        seed: The run's seed, needed for very wide tables, whose components are approximated.

    Returns:
        The projection; None if all real rows are equal.
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
        return tuple(map(_padded, axes.transform(chosen))) if len(chosen) else ()

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
    """Return a limited number of rows, evenly spaced, so that classes keep their shares."""
    if len(rows) <= most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, most).round().astype(np.int64)]


def _padded(values: Floats) -> Point:
    """Return two numbers with four significant digits; the second is 0 if there is only one dimension."""
    first, second, *_ = chain(values, [0.0])
    return float(f"{first:.4g}"), float(f"{second:.4g}")
