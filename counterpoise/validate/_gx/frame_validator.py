"""Run Great Expectations' expectations and metrics on one frame, evaluating each once.

Great Expectations' validator reads an expectation's settings about sixty times, each time through all fields, and
derives the required metrics twice. This module does both once and leaves the expectations, metrics and verdicts to
Great Expectations.

Importing this module imports Great Expectations.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from great_expectations.exceptions import GreatExpectationsError, MetricResolutionError
from great_expectations.expectations.expectation import Expectation, MetaExpectation
from great_expectations.expectations.registry import get_expectation_impl
from great_expectations.validator.metric_configuration import MetricConfiguration
from great_expectations.validator.validation_graph import ValidationGraph

from counterpoise.validate._gx.frame_engine import BATCH, FrameEngine

if TYPE_CHECKING:
    import pandas as pd

_RESULT_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": 5}


class FrameResult:
    """The result of an expectation on a frame.

    Attributes:
        success: Whether it passed.
        result: The details in the BASIC result format.
        error: The reason if it could not be checked; otherwise empty.
        needs: The metrics that it uses, by name.
    """

    def __init__(self, success: bool, result: Mapping[str, Any], error: str, needs: Mapping[str, Any]) -> None:
        self.success, self.result, self.error, self.needs = success, result, error, needs


class FrameValidator:
    """Checks expectations on one frame; metrics that several expectations need are computed once.

    Args:
        frame: The frame, indexed by row number.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self.engine = FrameEngine(frame)
        self._graph = ValidationGraph(self.engine)
        self._values: dict[Any, Any] = {}
        self._failed: dict[Any, MetricResolutionError] = {}

    def check(self, kind: str, kwargs: Mapping[str, Any]) -> FrameResult:
        """Return the result of an expectation, given its type and keywords."""
        needs: Mapping[str, Any] = {}
        try:
            expectation = _expectation(kind, kwargs)
            wanted = expectation.get_validation_dependencies(self.engine, _settings())
            needs = wanted.metric_configurations
            error = self._compute(needs)
            if error:
                return FrameResult(False, {}, error, needs)
            found = expectation._build_evr(  # noqa: SLF001  # no public way
                expectation._validate(  # noqa: SLF001
                    metrics={name: self._values[metric.id] for name, metric in needs.items()},
                    runtime_configuration={"result_format": wanted.result_format},
                    execution_engine=self.engine,
                )
            )
        except Exception as problem:  # noqa: BLE001  # an exception in an expectation is its result
            return FrameResult(False, {}, str(problem) or type(problem).__name__, needs)
        return FrameResult(bool(found.success), dict(found.result or {}), "", needs)

    def metric(self, name: str, domain: Any, values: Any) -> Any:
        """Return a metric's value."""
        metric = MetricConfiguration(name, metric_domain_kwargs=domain, metric_value_kwargs=values)
        self._resolve(metric)
        return self._values[metric.id]

    def release(self) -> None:
        """Release the frame and every column computed from it.

        Great Expectations' objects form reference cycles, so frames would stay in memory until the next full garbage
        collection, which takes longer than validating a few columns.
        """
        batches = self.engine.batch_manager
        caches = (self.engine._metric_cache, batches._batch_cache, batches._batch_data_cache)  # noqa: SLF001
        for cached in (*caches, self._values, self._failed):
            cached.clear()

    def _compute(self, needs: Mapping[str, Any]) -> str:
        """Compute metrics and return the errors as text."""
        wrong: dict[str, None] = {}
        for metric in needs.values():
            try:
                self._resolve(metric)
            except (GreatExpectationsError, RecursionError) as problem:
                wrong[str(problem)] = None
        return "; ".join(wrong)

    def _resolve(self, metric: Any) -> None:
        if metric.id in self._values:
            return
        if metric.id in self._failed:
            raise self._failed[metric.id]
        provider, _ = self._graph.set_metric_configuration_default_kwargs_if_absent(metric)
        metric.metric_dependencies = provider.get_evaluation_dependencies(
            metric=metric, execution_engine=self.engine, runtime_configuration=_settings()
        )
        for needed in metric.metric_dependencies.values():
            if needed.id != metric.id:
                self._resolve(needed)
        try:
            self._values |= self.engine.resolve_metrics([metric], self._values, _settings())
        except MetricResolutionError as problem:
            self._failed[metric.id] = problem
            raise


def _settings() -> dict[str, Any]:
    return {"result_format": dict(_RESULT_FORMAT)}


def _expectation(kind: str, kwargs: Mapping[str, Any]) -> Any:
    """Return the expectation with its configuration cached."""
    expectation = _with_cached_configuration(get_expectation_impl(kind))(**{**kwargs, "batch_id": BATCH})
    configuration = Expectation.configuration.fget(expectation)
    configuration.to_domain_obj = lambda: expectation
    object.__setattr__(expectation, "_read", configuration)
    return expectation


@cache
def _with_cached_configuration(kind: Any) -> Any:
    """Return an unregistered subclass of the same name that reads its configuration from a cache."""
    namespace = {
        "__module__": kind.__module__,
        "__slots__": ("_read",),
        "configuration": property(lambda expectation: expectation._read),  # noqa: SLF001
    }
    return super(MetaExpectation, MetaExpectation).__new__(MetaExpectation, kind.__name__, (kind,), namespace)
