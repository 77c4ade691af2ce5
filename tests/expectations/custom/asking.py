"""One expectation on one frame: with Great Expectations' own public interface, and with our engine."""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd

from counterpoise.expectations.registration import register_expectations
from counterpoise.validate import Answer, load_engine, quiet
from counterpoise.validate._gx.runner import run_expectations


def ask(frame: pd.DataFrame, kind: str, **kwargs: Any) -> Any:
    """Return the result of `batch.validate(suite)`."""
    register_expectations()
    with quiet():
        engine = load_engine()
        batch = _frames().get_batch({"dataframe": frame})
        suite = engine.ExpectationSuite(name="own", expectations=[{"type": kind, "kwargs": kwargs}])
        (result,) = batch.validate(suite, result_format="COMPLETE").results
    return result


@cache
def _frames() -> Any:
    """Return the definition of a batch that is a frame; each frame is a batch of its own."""
    context = load_engine().get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("plain").add_dataframe_asset("all")
    return asset.add_batch_definition_whole_dataframe("all")


def where(column: str, value: Any) -> dict[str, Any]:
    """Return the keyword of a condition that chooses the rows with that value."""
    return {
        "row_condition": {"type": "comparison", "column": {"name": column}, "operator": "==", "parameter": value},
    }


def ask_engine(frame: pd.DataFrame, kind: str, **kwargs: Any) -> Answer:
    """Return the answer of `run_expectations`, after a check that it is the one of the plain run."""
    plain = ask(frame, kind, **kwargs)
    with quiet():
        answer = run_expectations(frame, {7: {"type": kind, "kwargs": kwargs}})[7]
    assert not answer.error
    assert answer.failing_rows is None
    assert not plain.exception_info.get("raised_exception", False), plain.exception_info
    assert (answer.success, answer.result) == (plain.success, plain.result)
    return answer
