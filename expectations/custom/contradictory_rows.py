"""The expectation that rows with equal features have equal labels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Union

import numpy as np
import numpy.typing as npt
import pandas as pd
from great_expectations.compatibility import pydantic
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.model_field_types import ConditionParser
from great_expectations.expectations.row_conditions import RowConditionType

from counterpoise.expectations.custom.aggregates import Judging, counted, read_columns, register_metric, verdict
from counterpoise.table import as_numbers, encode_values

_MISSING = np.uint64(0x9E6C_63D0_876A_68DE)
_EXAMPLES = 3


@dataclass(frozen=True)
class Contradictions:
    """Counts of rows whose features equal those of a row of another class.

    Attributes:
        labelled: The number of labelled rows.
        rows: The number of labelled rows in groups of equal features with several classes.
        groups: The number of such groups.
        examples: Index values of up to three rows of the first group, each of a different class.
    """

    labelled: int
    rows: int
    groups: int
    examples: tuple[Any, ...]

    @property
    def share(self) -> float:
        """Their share among the labelled rows; 0 if there are none."""
        return self.rows / max(self.labelled, 1)


def find_contradictions(features: Iterable[pd.Series[Any]], label: pd.Series[Any]) -> Contradictions:
    """Find the labelled rows whose features equal those of a row of another class.

    >>> frame = pd.DataFrame({"f": [1.0, 1.0, None, None, 2.0], "label": ["a", "b", "a", "a", None]})
    >>> find_contradictions([frame["f"]], frame["label"])
    Contradictions(labelled=4, rows=2, groups=1, examples=(0, 1))

    Args:
        features: Columns of any type with the label's length, read one at a time. Missing values equal each other.
        label: The label column; rows without a label are ignored.
    """
    codes = encode_values(label).codes
    labelled = np.flatnonzero(codes >= 0)
    hashes, codes = hash_rows(features, len(codes))[labelled], codes[labelled]
    order = np.argsort(hashes, kind="stable")
    starts = _starts_of_runs(hashes[order])
    sizes = np.diff(np.append(starts, len(order)))
    mixed = np.flatnonzero(_differ(codes[order], starts))
    if len(mixed) == 0:
        return Contradictions(len(codes), 0, 0, ())
    first = mixed[np.argmin(order[starts[mixed]])]
    group = order[starts[first] : starts[first] + sizes[first]]
    _, firsts = np.unique(codes[group], return_index=True)
    examples = label.index[labelled[np.sort(group[firsts])[:_EXAMPLES]]]
    return Contradictions(len(codes), int(sizes[mixed].sum()), len(mixed), tuple(examples.tolist()))


def _starts_of_runs(values: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    """Return the positions where runs of equal values start."""
    return np.flatnonzero(np.append(True, values[1:] != values[:-1])[: len(values)])


def _differ(codes: npt.NDArray[np.intp], starts: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
    """Return for each run whether its codes differ."""
    if len(codes) == 0:
        return np.zeros(0, dtype=np.bool_)
    differ: npt.NDArray[np.bool_] = np.minimum.reduceat(codes, starts) != np.maximum.reduceat(codes, starts)
    return differ


def hash_rows(columns: Iterable[pd.Series[Any]], rows: int) -> npt.NDArray[np.uint64]:
    """Return one 64-bit hash per row, equal for equal values; 0.0 equals -0.0, and missing values equal each other.

    The hashes are valid only within one frame, since texts are encoded by order of appearance. Unequal rows have equal
    hashes by chance once in 2**64 pairs. Memory holds at most a few arrays with one number per row.

    >>> hash_rows([pd.Series([0.0, -0.0, 1.0])], 3).tolist()[:2]
    [0, 0]
    """
    total = np.zeros(rows, dtype=np.uint64)
    for column in columns:
        total ^= _words(column)
        total = pd.util.hash_array(total, categorize=False)
    return total


def _words(column: pd.Series[Any]) -> npt.NDArray[np.uint64]:
    """Return one 64-bit word per row of a column, equal for equal values and different for different ones."""
    numbers = as_numbers(column)
    if numbers is None:
        return encode_values(column).codes.astype(np.int64).view(np.uint64)
    wide: Any = {"f": np.float64, "i": np.int64, "u": np.uint64}[numbers.values.dtype.kind]
    words: npt.NDArray[np.uint64] = (numbers.values.astype(wide) + wide(0)).view(np.uint64)  # minus zero becomes zero
    words[numbers.missing] = _MISSING
    return words


def _contradictions(engine: Any, domain: dict[str, Any], _: Any) -> Contradictions:
    label, *features = read_columns(engine, domain, [domain["label"], *domain["column_list"]])
    return find_contradictions(features, label)


register_metric("multicolumn.contradictions", _contradictions, domain=("column_list", "label"))


class ExpectMulticolumnContradictoryShareToBeAtMost(Judging, BatchExpectation):  # type: ignore[misc]  # GX ships no types
    """Expect few labelled rows to have the features of a row of another class: no model can distinguish those.

    All rows of a group with equal features and several classes count. Missing values equal each other, and rows without
    a label are ignored. The observed value is the share of such rows among the labelled ones; without any it is 0.

    Args:
        column_list: The features, of any type.
        label: The label column, which is not one of the features.
        max_share: The largest allowed share, 0 to 1.
        row_condition: The condition that selects rows; None for all rows.
        condition_parser: The parser for a condition written as text.
    """

    column_list: list[pydantic.StrictStr] = pydantic.Field(min_items=1)
    label: pydantic.StrictStr = pydantic.Field(min_length=1)
    max_share: float = pydantic.Field(ge=0, le=1)
    row_condition: RowConditionType = None
    condition_parser: Union[ConditionParser, None] = None  # noqa: UP007  # pydantic 1 reads it at run time

    domain_keys: ClassVar[tuple[str, ...]] = ("batch_id", "column_list", "label", "row_condition", "condition_parser")
    domain_type: ClassVar[Any] = MetricDomainTypes.MULTICOLUMN
    metric_dependencies = ("multicolumn.contradictions",)

    @pydantic.validator("label")  # type: ignore[untyped-decorator]  # GX ships no types
    def _is_no_feature(cls, name: str, values: dict[str, Any]) -> str:  # noqa: N805  # pydantic passes the class
        if name in values.get("column_list", ()):
            raise ValueError("label must not be one of column_list")
        return name

    def _judge(self, found: Contradictions) -> dict[str, Any]:
        details = {"rows": found.rows, "groups": found.groups, "examples": list(found.examples)}
        return verdict(found.share <= self.max_share, found.share, _summary(found), **details)


def _summary(found: Contradictions) -> str:
    """Describe the contradictions.

    >>> _summary(Contradictions(40, 2, 1, (3, 17)))
    '2 of 40 labelled rows (0.05) contradict each other in 1 group of equal features, such as rows 3, 17'
    """
    if not found.rows:
        return f"none of {counted(found.labelled, 'labelled row')} contradicts another"
    shown = ", ".join(map(str, found.examples))
    return (
        f"{found.rows:,} of {counted(found.labelled, 'labelled row')} ({found.share:.4g}) contradict each other "
        f"in {counted(found.groups, 'group')} of equal features, such as rows {shown}"
    )
