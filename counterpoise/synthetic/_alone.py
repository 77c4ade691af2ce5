"""The review of synthetic rows that are published alone: how many rows of the source an attack computes from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from counterpoise.resample import numeric_matrix
from counterpoise.results import Reconstruction, SyntheticQuality
from counterpoise.split import TrainRows
from counterpoise.synthetic._reconstruction import found_among, reconstruct
from counterpoise.synthetic._train_files import PublishedTrain
from counterpoise.table import SourceTable
from counterpoise.typing import Matrix

_MOST_ROWS = 10_000
_MOST_CLASSES = 30
_AT_ONCE = 100_000


def synthetic_rows_alone(
    train: PublishedTrain, source: SourceTable, rows: TrainRows, interpolated: Sequence[str]
) -> SyntheticQuality:
    """Attack the synthetic rows of each class, and compare what is found with the train rows of the source.

    Args:
        train: The published train partition, all of whose rows are synthetic.
        source: The source.
        rows: Its train rows.
        interpolated: The features that synthetic rows interpolate.
    """
    counts = np.bincount(train.labels.codes, minlength=len(train.labels.classes))
    attacked = [int(code) for code in np.argsort(-counts, kind="stable")[:_MOST_CLASSES] if counts[code]]
    looked_at = {code: np.flatnonzero(train.labels.codes == code)[:_MOST_ROWS] for code in attacked}
    found = tuple(
        _attack(
            train.labels.classes[code],
            numeric_matrix(train.scan(interpolated, looked_at[code]).rows),
            _real(source, rows, train.labels.classes[code], interpolated),
        )
        for code in attacked
    )
    return SyntheticQuality(
        synthetic_rows=len(train.synthetic),
        synthetic_looked_at=sum(map(len, looked_at.values())),
        real_rows=0,
        real_looked_at=0,
        even_share=1.0,
        classes=(),
        notes=("train has no rows of the source, so synthetic rows are not compared with real ones",),
        reconstruction=found,
    )


def _real(source: SourceTable, rows: TrainRows, name: str, interpolated: Sequence[str]) -> Iterator[Matrix]:
    """Yield the train rows of a class in parts, so that memory does not grow with their number."""
    own = np.sort(rows.rows[rows.codes == rows.classes.index(name)])
    for start in range(0, len(own), _AT_ONCE):
        yield numeric_matrix(source.reader.read_rows(own[start : start + _AT_ONCE], interpolated))


def _complete(rows: Matrix) -> Matrix:
    """Return the rows that have all values; missing ones cannot be computed with."""
    return rows[~np.isnan(rows).any(axis=1)]


def _attack(name: str, synthetic: Matrix, real: Iterable[Matrix]) -> Reconstruction:
    synthetic = _complete(synthetic)
    claimed = reconstruct(synthetic)
    right, found, number = np.zeros(len(claimed.claims), np.bool_), 0, 0
    for part in map(_complete, real):
        hits, known = found_among(claimed, part)
        right, found, number = right | hits, found + int(known.sum()), number + len(part)
    return Reconstruction(
        name=name,
        synthetic_rows=len(synthetic),
        columns=len(claimed.columns),
        of_columns=synthetic.shape[1],
        claims=len(right),
        right=int(right.sum()),
        real_rows=number,
        found=found,
    )
