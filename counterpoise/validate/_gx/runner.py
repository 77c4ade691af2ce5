"""Run Great Expectations on one frame, using its own verdicts and masks of failing rows."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from counterpoise.errors import EngineError
from counterpoise.typing import Ints
from counterpoise.validate._suites.suite import severity_of

if TYPE_CHECKING:
    import pandas as pd

    from counterpoise.validate._gx.frame_validator import FrameResult, FrameValidator

_LOOKS_AT_MISSING = frozenset(
    {
        "expect_column_missing_share_to_stay",
        "expect_column_population_stability_index_to_be_at_most",
        "expect_column_proportion_of_non_null_values_to_be_between",
        "expect_column_type_to_be",
        "expect_column_values_to_be_in_type_list",
        "expect_column_values_to_be_of_type",
    }
)
_FOR_OTHER_SOURCES = ("azure", "boto3", "botocore", "google", "pyspark", "snowflake", "sqlalchemy")


@dataclass(frozen=True)
class Answer:
    """Great Expectations' answer to one expectation.

    Attributes:
        success: Whether it passed.
        result: The details in the BASIC result format.
        error: The reason if it could not be checked; otherwise empty.
        checked: The number of values or rows that it actually checked.
        failing_rows: The numbers of the rows that break it, ascending; None if it does not check single rows, or if
            they do not matter (it passed or is not critical).
    """

    success: bool
    result: Mapping[str, Any]
    error: str
    checked: int
    failing_rows: Ints | None


def load_engine() -> Any:
    """Import Great Expectations with analytics disabled, and return the module."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with quiet():
        import great_expectations
    return great_expectations


def load_engine_for_frames() -> None:
    """Import Great Expectations in a process that checks nothing but frames.

    Great Expectations imports what it finds for other sources, which takes a fifth of the time; for this process they
    are not there while it is imported.
    """
    unneeded = {name: None for name in _FOR_OTHER_SOURCES if name not in sys.modules}
    sys.modules.update(unneeded)  # type: ignore[arg-type]  # None means that there is no such module
    try:
        load_engine()
    finally:
        for name in unneeded:
            del sys.modules[name]


@contextmanager
def quiet() -> Iterator[None]:
    """Silence Great Expectations' warnings, which concern its own deprecations and its dependencies."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def run_expectations(frame: pd.DataFrame, expectations: Mapping[int, dict[str, Any]]) -> dict[int, Answer]:
    """Return Great Expectations' answer to each expectation on the frame.

    Some of its metrics fail on pandas' nullable types, where a comparison with a missing value is neither true nor
    false. Expectations that fail this way are checked again with plain Python values.

    Args:
        frame: The frame, indexed by row number.
        expectations: The expectations in JSON form, by position in the run.

    Raises:
        EngineError: The mask of failing rows contradicts their count.
    """
    answers = _check(frame, expectations)
    failed = {index: each for index, each in expectations.items() if answers[index].error}
    if not failed:
        return answers
    nullable = [str(name) for name, kind in frame.dtypes.items() if hasattr(kind, "numpy_dtype")]
    return {**answers, **_check(_with_plain_values(frame, nullable), failed)} if nullable else answers


def _check(frame: pd.DataFrame, expectations: Mapping[int, dict[str, Any]]) -> dict[int, Answer]:
    load_engine()
    from counterpoise.validate._gx.frame_validator import FrameValidator

    validator = FrameValidator(frame)
    try:
        return {index: _answer(validator, each) for index, each in expectations.items()}
    finally:
        validator.release()


def _with_plain_values(frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    return frame.assign(**{name: frame[name].astype(object).where(frame[name].notna(), None) for name in names})


def _answer(validator: FrameValidator, expectation: dict[str, Any]) -> Answer:
    outcome = validator.check(expectation["type"], expectation["kwargs"])
    found = outcome.result
    by_row = found.get("unexpected_count") is not None
    wanted = by_row and not outcome.success and severity_of(expectation) == "critical"
    return Answer(
        success=outcome.success,
        result=found,
        error=outcome.error,
        checked=_checked(validator, found, expectation),
        failing_rows=_failing_rows(validator, outcome, expectation) if wanted else None,
    )


def _checked(validator: FrameValidator, found: Mapping[str, Any], expectation: dict[str, Any]) -> int:
    """Return the number of values or rows that were checked: the expectation's own count, or the present values."""
    if found.get("element_count") is not None:
        return int(found["element_count"]) - int(found.get("missing_count") or 0)
    kwargs = expectation["kwargs"]
    domain = {"row_condition": kwargs["row_condition"]} if kwargs.get("row_condition") is not None else {}
    engine = validator.engine
    try:
        rows = engine.get_domain_records(domain_kwargs=domain)
    except Exception:  # noqa: BLE001  # the answer already carries the error of an invalid condition
        rows = engine.get_domain_records(domain_kwargs={})
    column = kwargs.get("column")
    if column not in rows.columns or expectation["type"] in _LOOKS_AT_MISSING:
        return len(rows)
    return int(rows[column].notna().sum())


def _failing_rows(validator: FrameValidator, outcome: FrameResult, expectation: dict[str, Any]) -> Ints | None:
    """Return the failing rows from Great Expectations' own mask, without creating an object per row."""
    from great_expectations.expectations.registry import get_expectation_impl

    metric = getattr(get_expectation_impl(expectation["type"]), "map_metric", None)
    counting = outcome.needs.get(f"{metric}.unexpected_count")
    if counting is None:
        return None
    mask = validator.metric(f"{metric}.condition", counting.metric_domain_kwargs, counting.metric_value_kwargs)[0]
    rows: Ints = np.sort(mask.index.to_numpy()[mask.to_numpy(dtype=bool)]).astype(np.int64, copy=False)
    count = outcome.result["unexpected_count"]
    if len(rows) != count:
        raise EngineError(
            "inconsistent_answer",
            expected="one consistent answer from Great Expectations per expectation",
            found=f"{len(rows)} failing rows, but {expectation['type']} counted {count}",
            remedy="report this with the suite: it is a bug in Counterpoise or in the installed Great Expectations",
        )
    return rows
