"""Encode mixed columns as numbers for learners: fitted on one train table, applied to the others.

Numeric columns are used as they are, which keeps wide tables fast. Dates, categories and texts go through skrub's
`TableVectorizer`. Texts with few levels are passed as categories, so that a code such as "01" stays a code; those with
more levels are passed as texts, in which skrub recognises numbers and dates.

The encoding of each column is decided once, on the natural train rows, so that all arms see the same columns: after
over-sampling, identifiers repeat and no longer look like identifiers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from counterpoise.typing import Matrix

if TYPE_CHECKING:
    import pandas as pd

_LARGEST = 1e37
"""Larger values are clipped: forests compute in 32 bits, and squares must stay finite."""
_ONE_HOT_COLUMNS = 600
"""The approximate number of columns that all one-hot encodings may produce together."""
_MOST_LEVELS = 40
_TEXT_COMPONENTS = 10
_TEXT_CHARACTERS = 200


@dataclass(frozen=True)
class FeaturePlan:
    """The feature columns, grouped by how they are encoded.

    Attributes:
        numbers: Numbers, booleans, decimals, times and durations: used as they are.
        dates: Dates and timestamps.
        categories: Texts and dictionaries with few levels.
        texts: Texts with many levels.
        identifiers: Texts that differ in every row and have no spaces: ignored.
        unused: Nested, binary and empty types: ignored.
    """

    numbers: list[str] = field(default_factory=list)
    dates: list[str] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    identifiers: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, train: pa.Table, target: str) -> FeaturePlan:
        """Assign every column but the target.

        Args:
            train: The natural train rows.
            target: The label column.
        """
        plan = cls()
        for name in train.column_names:
            if name != target:
                getattr(plan, _kind(train.column(name))).append(name)
        return plan

    def notes(self) -> list[str]:
        """Return a note for each kind of ignored columns."""
        left_out = {
            "identifier-like texts (a different word in every row)": self.identifiers,
            "nested, binary or empty columns": self.unused,
        }
        return [f"the learners ignored {what}: {_listed(names)}" for what, names in left_out.items() if names]


class FeatureEncoder:
    """Encode a table's features as one matrix of floats, with missing values as NaN.

    Numbers become one column each. Dates become their parts and the seconds since 1970. Categories are one-hot encoded,
    with rare and unknown levels merged. Texts become ten components of hashed character n-grams (latent semantic
    analysis), at a cost that is linear in the rows. Columns that are constant or empty on the train table are dropped.

    Args:
        plan: How each column is encoded.
        seed: Seed of the text components.
    """

    def __init__(self, plan: FeaturePlan, *, seed: int) -> None:
        self._plan = plan
        self._seed = seed
        self._vectorizer: Any = None
        self._kept: npt.NDArray[np.bool_] = np.zeros(0, bool)
        self.infinite = 0

    def fit_transform(self, table: pa.Table) -> Matrix:
        """Fit the encoding on a train table and return its features, one row per table row."""
        plan = self._plan
        if plan.dates or plan.categories or plan.texts:
            self._vectorizer = _vectorizer(len(plan.categories), self._seed)
            encoded = self._vectorizer.fit_transform(self._frame(table)).to_numpy(dtype=np.float64)
        else:
            encoded = np.empty((table.num_rows, 0))
        matrix = self._with_numbers(table, encoded)
        self._kept = _informative(matrix)
        return self._informative_columns(matrix)

    def transform(self, table: pa.Table) -> Matrix:
        """Return another table's features, encoded as fitted on the train table."""
        if self._vectorizer is None:
            encoded = np.empty((table.num_rows, 0))
        else:
            encoded = self._vectorizer.transform(self._frame(table)).to_numpy(dtype=np.float64)
        return self._informative_columns(self._with_numbers(table, encoded))

    def describe(self) -> dict[str, Any]:
        """Return the number of columns per kind of encoding, the ignored columns, and the number of encoded columns."""
        plan = self._plan
        return {
            "numbers": len(plan.numbers),
            "dates": len(plan.dates),
            "categories": len(plan.categories),
            "texts": len(plan.texts),
            "left_out": [*plan.identifiers, *plan.unused],
            "encoded_columns": int(self._kept.sum()),
        }

    def _frame(self, table: pa.Table) -> pd.DataFrame:
        import pandas as pd

        makers = {"dates": _dates, "categories": _categories, "texts": _texts}
        return pd.DataFrame(
            {
                f"{kind}_{position}": make(table.column(name))
                for kind, make in makers.items()
                for position, name in enumerate(getattr(self._plan, kind))
            }
        )

    def _with_numbers(self, table: pa.Table, encoded: Matrix) -> Matrix:
        matrix = np.empty((table.num_rows, len(self._plan.numbers) + encoded.shape[1]))
        for position, name in enumerate(self._plan.numbers):
            matrix[:, position] = _numbers(table.column(name))
        matrix[:, len(self._plan.numbers) :] = encoded
        infinite = np.isinf(matrix)
        self.infinite += int(infinite.sum())
        matrix[infinite] = np.nan
        return np.clip(matrix, -_LARGEST, _LARGEST, out=matrix)

    def _informative_columns(self, matrix: Matrix) -> Matrix:
        return matrix[:, self._kept] if self._kept.any() else np.zeros((len(matrix), 1))


def _kind(column: pa.ChunkedArray) -> str:
    """Return the field of `FeaturePlan` that a column belongs to."""
    types, kind = pa.types, column.type
    if types.is_dictionary(kind):
        kind = kind.value_type
        return "unused" if types.is_nested(kind) or types.is_null(kind) or _is_bytes(kind) else _text_kind(column)
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        return _text_kind(column)
    if types.is_timestamp(kind) or types.is_date(kind):
        return "dates"
    if types.is_nested(kind) or types.is_null(kind) or types.is_interval(kind) or _is_bytes(kind):
        return "unused"
    return "numbers"


def _text_kind(column: pa.ChunkedArray) -> str:
    text = column.cast(pa.string())
    levels = pc.count_distinct(text).as_py()
    if levels <= _MOST_LEVELS:
        return "categories"
    all_differ = levels == len(text) - text.null_count
    return "identifiers" if all_differ and not pc.any(pc.match_substring(text, " ")).as_py() else "texts"


def _is_bytes(kind: pa.DataType) -> bool:
    checks = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view, pa.types.is_fixed_size_binary)
    return any(check(kind) for check in checks)


def _numbers(column: pa.ChunkedArray) -> Matrix:
    if pa.types.is_time32(column.type):
        column = column.cast(pa.int32())
    elif pa.types.is_temporal(column.type):
        column = column.cast(pa.int64())
    return np.asarray(pc.fill_null(column.cast(pa.float64(), safe=False), np.nan).to_numpy())


def _dates(column: pa.ChunkedArray) -> pd.Series:
    dates: pd.Series = column.cast(pa.timestamp("us"), safe=False).to_pandas()
    return dates


def _categories(column: pa.ChunkedArray) -> pd.Series:
    categories: pd.Series = column.cast(pa.string()).combine_chunks().dictionary_encode().to_pandas()
    return categories


def _texts(column: pa.ChunkedArray) -> pd.Series:
    texts: pd.Series = pc.utf8_slice_codeunits(column.cast(pa.string()), 0, _TEXT_CHARACTERS).to_pandas()
    return texts


def _vectorizer(categories: int, seed: int) -> Any:
    from sklearn.preprocessing import OneHotEncoder
    from skrub import DatetimeEncoder, StringEncoder, TableVectorizer

    levels = min(_MOST_LEVELS, max(2, _ONE_HOT_COLUMNS // max(1, categories)))
    return TableVectorizer(
        cardinality_threshold=_MOST_LEVELS + 1,
        low_cardinality=OneHotEncoder(
            handle_unknown="infrequent_if_exist", max_categories=levels, sparse_output=False, dtype=np.float32
        ),
        high_cardinality=StringEncoder(_TEXT_COMPONENTS, vectorizer="hashing", random_state=seed),
        datetime=DatetimeEncoder(resolution="hour", add_weekday=True, add_total_seconds=True),
    )


def _listed(names: list[str]) -> str:
    return ", ".join(map(repr, names[:20])) + (f" and {len(names) - 20} more" if len(names) > 20 else "")


def _informative(matrix: Matrix) -> npt.NDArray[np.bool_]:
    """Return a mask of the columns with at least two different values, counting missing as a value."""
    missing = np.isnan(matrix)
    low = np.where(missing, np.inf, matrix).min(axis=0, initial=np.inf)
    high = np.where(missing, -np.inf, matrix).max(axis=0, initial=-np.inf)
    informative: npt.NDArray[np.bool_] = (low < high) | (missing.any(axis=0) & ~missing.all(axis=0))
    return informative
