"""Great Expectations on one frame: its own verdicts, its own masks of failing rows."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from counterpoise.core.errors import EngineError
from counterpoise.core.validate.suite import severity_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Answer", "load_engine", "quiet", "run_expectations"]

Rows = npt.NDArray[np.int64]

_RESULT_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": 5}
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
    failing_rows: Rows | None


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
        EngineError: Great Expectations gave no answer, or its mask of failing rows contradicts its count.
    """
    answers = _ask(frame, expectations)
    failed = {index: each for index, each in expectations.items() if answers[index].error}
    nullable = [name for name in frame.columns if hasattr(frame[name].dtype, "numpy_dtype")]
    return {**answers, **_ask(_with_plain_values(frame, nullable), failed)} if failed and nullable else answers


def _ask(frame: pd.DataFrame, expectations: Mapping[int, dict[str, Any]]) -> dict[int, Answer]:
    validator = _validator(frame)
    try:
        return _ask_validator(validator, expectations)
    finally:
        _release(validator.execution_engine)


def _ask_validator(validator: Any, expectations: Mapping[int, dict[str, Any]]) -> dict[int, Answer]:
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    configurations = [
        ExpectationConfiguration(type=each["type"], kwargs=dict(each["kwargs"]), id=str(index))
        for index, each in expectations.items()
    ]
    results = validator.graph_validate(
        configurations=configurations, runtime_configuration={"result_format": _RESULT_FORMAT}
    )
    by_index = {int(result.expectation_config.id): result for result in results}
    if by_index.keys() != expectations.keys():
        raise _contradiction(f"{len(by_index)} answers to {len(expectations)} expectations")
    return {index: _answer(validator, by_index[index], each) for index, each in expectations.items()}


def _release(engine: Any) -> None:
    """Let go of the frame and of every column computed from it.

    Great Expectations' objects refer to each other in circles, so that frames would stay until the next full
    collection, which takes longer than the validation of a few columns.
    """
    batches = engine.batch_manager
    for cache in (engine._metric_cache, batches._batch_cache, batches._batch_data_cache):  # noqa: SLF001  # no public way
        cache.clear()


def _with_plain_values(frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    return frame.assign(**{name: frame[name].astype(object).where(frame[name].notna(), None) for name in names})


def _validator(frame: pd.DataFrame) -> Any:
    """Return a validator on the frame in a context of its own: contexts are not shared between threads."""
    engine = load_engine()
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = engine.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("snapshot").add_dataframe_asset("columns")
    batch = asset.add_batch_definition_whole_dataframe("all rows")
    return context.get_validator(batch_request=batch.build_batch_request({"dataframe": frame}))


def _answer(validator: Any, result: Any, expectation: dict[str, Any]) -> Answer:
    error = _error_text(result.exception_info)
    found = {} if error else dict(result.result)
    by_row = found.get("unexpected_count") is not None
    wanted = by_row and not result.success and severity_of(expectation) == "critical"
    return Answer(
        success=bool(result.success),
        result=found,
        error=error,
        checked=_checked(validator, found, expectation),
        failing_rows=_failing_rows(validator, expectation, found["unexpected_count"]) if wanted else None,
    )


def _error_text(info: Mapping[str, Any] | None) -> str:
    """Return the messages of the exceptions that kept an expectation from being answered."""
    if not info:
        return ""
    parts = [info] if "raised_exception" in info else [part for part in info.values() if isinstance(part, Mapping)]
    raised = [str(part.get("exception_message") or "unknown error") for part in parts if part.get("raised_exception")]
    return "; ".join(dict.fromkeys(raised))


def _checked(validator: Any, found: Mapping[str, Any], expectation: dict[str, Any]) -> int:
    """Return how many values or rows the expectation looked at: its own count, or the present values it was given."""
    if found.get("element_count") is not None:
        return int(found["element_count"]) - int(found.get("missing_count") or 0)
    kwargs = expectation["kwargs"]
    domain = {name: kwargs[name] for name in ("row_condition", "condition_parser") if kwargs.get(name) is not None}
    engine = validator.execution_engine
    try:
        rows = engine.get_domain_records(domain_kwargs=domain)
    except Exception:  # noqa: BLE001  # whatever an impossible condition raises, the answer has it as its error
        rows = engine.get_domain_records(domain_kwargs={})
    column = kwargs.get("column")
    if column not in rows.columns or expectation["type"] in _LOOKS_AT_MISSING:
        return len(rows)
    return int(rows[column].notna().sum())


def _failing_rows(validator: Any, expectation: dict[str, Any], count: int) -> Rows | None:
    """Return the rows of Great Expectations' own mask, without making an object a row."""
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
    from great_expectations.validator.metric_configuration import MetricConfiguration

    judge = ExpectationConfiguration(type=expectation["type"], kwargs=dict(expectation["kwargs"])).to_domain_obj()
    metric = getattr(judge, "map_metric", None)
    needs = judge.get_validation_dependencies(
        execution_engine=validator.execution_engine, runtime_configuration={"result_format": _RESULT_FORMAT}
    ).metric_configurations
    counting = needs.get(f"{metric}.unexpected_count")
    if counting is None:
        return None
    condition = MetricConfiguration(
        f"{metric}.condition",
        metric_domain_kwargs=counting.metric_domain_kwargs,
        metric_value_kwargs=counting.metric_value_kwargs,
    )
    mask = validator.get_metric(condition)[0]
    rows: Rows = np.sort(mask.index.to_numpy()[mask.to_numpy(dtype=bool)]).astype(np.int64, copy=False)
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
