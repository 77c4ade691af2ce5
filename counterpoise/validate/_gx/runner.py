"""Great Expectations on one frame: its own verdicts, its own masks of failing rows."""

from __future__ import annotations

import os
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

    from counterpoise.validate._gx.judging import Judging, Verdict

__all__ = ["Answer", "load_engine", "quiet", "run_expectations"]


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


@dataclass(frozen=True)
class Answer:
    """What Great Expectations says about one expectation.

    Attributes:
        success: Its verdict.
        result: Its result, in the format BASIC.
        error: Why it could not be answered; empty where it was.
        checked: How many values, or rows, it really looked at.
        failing_rows: Row numbers that break it, ascending; None where rows are not what it judges, or where they do
            not matter (it passed, or is not critical).
    """

    success: bool
    result: Mapping[str, Any]
    error: str
    checked: int
    failing_rows: Ints | None


def load_engine() -> Any:
    """Import Great Expectations, its analytics off, and return it."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with quiet():
        import great_expectations
    return great_expectations


@contextmanager
def quiet() -> Iterator[None]:
    """Silence the warnings of Great Expectations: they are about its own old forms and its libraries."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def run_expectations(frame: pd.DataFrame, expectations: Mapping[int, dict[str, Any]]) -> dict[int, Answer]:
    """Return Great Expectations' answer to each expectation on the frame.

    Some of its metrics fail on pandas' nullable types, where a comparison with a missing value is neither true nor
    false. What cannot be answered on them is asked again with plain Python values in their place.

    Args:
        frame: Its index is the row number.
        expectations: In JSON form, by their position in the run.

    Raises:
        EngineError: The mask of failing rows contradicts their count.
    """
    answers = _ask(frame, expectations)
    failed = {index: each for index, each in expectations.items() if answers[index].error}
    if not failed:
        return answers
    nullable = [str(name) for name, kind in frame.dtypes.items() if hasattr(kind, "numpy_dtype")]
    return {**answers, **_ask(_with_plain_values(frame, nullable), failed)} if nullable else answers


def _ask(frame: pd.DataFrame, expectations: Mapping[int, dict[str, Any]]) -> dict[int, Answer]:
    load_engine()
    from counterpoise.validate._gx.judging import Judging

    judging = Judging(frame)
    try:
        return {index: _answer(judging, each) for index, each in expectations.items()}
    finally:
        judging.release()


def _with_plain_values(frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    return frame.assign(**{name: frame[name].astype(object).where(frame[name].notna(), None) for name in names})


def _answer(judging: Judging, expectation: dict[str, Any]) -> Answer:
    verdict = judging.ask(expectation["type"], expectation["kwargs"])
    found = verdict.result
    by_row = found.get("unexpected_count") is not None
    wanted = by_row and not verdict.success and severity_of(expectation) == "critical"
    return Answer(
        success=verdict.success,
        result=found,
        error=verdict.error,
        checked=_checked(judging, found, expectation),
        failing_rows=_failing_rows(judging, verdict, expectation) if wanted else None,
    )


def _checked(judging: Judging, found: Mapping[str, Any], expectation: dict[str, Any]) -> int:
    """Return how many values or rows the expectation looked at: its own count, or the present values it was given."""
    if found.get("element_count") is not None:
        return int(found["element_count"]) - int(found.get("missing_count") or 0)
    kwargs = expectation["kwargs"]
    domain = {"row_condition": kwargs["row_condition"]} if kwargs.get("row_condition") is not None else {}
    engine = judging.engine
    try:
        rows = engine.get_domain_records(domain_kwargs=domain)
    except Exception:  # noqa: BLE001  # whatever an impossible condition raises, the answer has it as its error
        rows = engine.get_domain_records(domain_kwargs={})
    column = kwargs.get("column")
    if column not in rows.columns or expectation["type"] in _LOOKS_AT_MISSING:
        return len(rows)
    return int(rows[column].notna().sum())


def _failing_rows(judging: Judging, verdict: Verdict, expectation: dict[str, Any]) -> Ints | None:
    """Return the rows of Great Expectations' own mask, without making an object a row."""
    from great_expectations.expectations.registry import get_expectation_impl

    metric = getattr(get_expectation_impl(expectation["type"]), "map_metric", None)
    counting = verdict.needs.get(f"{metric}.unexpected_count")
    if counting is None:
        return None
    mask = judging.metric(f"{metric}.condition", counting.metric_domain_kwargs, counting.metric_value_kwargs)[0]
    rows: Ints = np.sort(mask.index.to_numpy()[mask.to_numpy(dtype=bool)]).astype(np.int64, copy=False)
    count = verdict.result["unexpected_count"]
    if len(rows) != count:
        raise _contradiction(f"{len(rows)} failing rows where {count} were counted by {expectation['type']}")
    return rows


def _contradiction(found: str) -> EngineError:
    return EngineError(
        "inconsistent_answer",
        expected="one consistent answer of Great Expectations an expectation",
        found=found,
        remedy="report this with the suite: it is a fault of ours or of the installed Great Expectations",
    )
