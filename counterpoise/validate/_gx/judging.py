"""Great Expectations' expectations and metrics on one frame, each asked once.

Its own validator reads an expectation's settings some sixty times, each time through all fields, and derives what must
be computed twice. Here both are done once: what decides are still its expectations, its metrics and its verdicts.

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

__all__ = ["Judging", "Verdict"]

_RESULT_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": 5}


class Verdict:
    """What an expectation says of the frame.

    Attributes:
        success: Its verdict.
        result: Its result, in the format BASIC.
        error: Why it could not be answered; empty where it was.
        needs: The metrics that it looked at, by name.
    """

    def __init__(self, success: bool, result: Mapping[str, Any], error: str, needs: Mapping[str, Any]) -> None:
        self.success, self.result, self.error, self.needs = success, result, error, needs


class Judging:
    """Answers expectations on one frame; metrics that several of them need are computed once.

    Args:
        frame: Its index is the row number.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self.engine = FrameEngine(frame)
        self._graph = ValidationGraph(self.engine)
        self._values: dict[Any, Any] = {}
        self._failed: dict[Any, MetricResolutionError] = {}

    def ask(self, kind: str, kwargs: Mapping[str, Any]) -> Verdict:
        """Return what the expectation of that type and with these keywords says."""
        needs: Mapping[str, Any] = {}
        try:
            judge = _judge(kind, kwargs)
            wanted = judge.get_validation_dependencies(self.engine, _settings())
            needs = wanted.metric_configurations
            error = self._compute(needs)
            if error:
                return Verdict(False, {}, error, needs)
            found = judge._build_evr(  # noqa: SLF001  # no public way
                judge._validate(  # noqa: SLF001
                    metrics={name: self._values[metric.id] for name, metric in needs.items()},
                    runtime_configuration={"result_format": wanted.result_format},
                    execution_engine=self.engine,
                )
            )
        except Exception as problem:  # noqa: BLE001  # an expectation's own fault is its answer
            return Verdict(False, {}, str(problem) or type(problem).__name__, needs)
        return Verdict(bool(found.success), dict(found.result or {}), "", needs)

    def metric(self, name: str, domain: Any, values: Any) -> Any:
        """Return a metric's value."""
        metric = MetricConfiguration(name, metric_domain_kwargs=domain, metric_value_kwargs=values)
        self._resolve(metric)
        return self._values[metric.id]

    def release(self) -> None:
        """Let go of the frame and of every column computed from it.

        Great Expectations' objects refer to each other in circles, so that frames would stay until the next full
        collection, which takes longer than the validation of a few columns.
        """
        batches = self.engine.batch_manager
        caches = (self.engine._metric_cache, batches._batch_cache, batches._batch_data_cache)  # noqa: SLF001
        for cached in (*caches, self._values, self._failed):
            cached.clear()

    def _compute(self, needs: Mapping[str, Any]) -> str:
        """Compute metrics; return what went wrong."""
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


def _judge(kind: str, kwargs: Mapping[str, Any]) -> Any:
    """Return the expectation; what it derives from its keywords, it derives once."""
    judge = _reading_once(get_expectation_impl(kind))(**{**kwargs, "batch_id": BATCH})
    configuration = Expectation.configuration.fget(judge)
    configuration.to_domain_obj = lambda: judge
    object.__setattr__(judge, "_read", configuration)
    return judge


@cache
def _reading_once(kind: Any) -> Any:
    """Return the class with its settings kept; it goes by the same name, and is not registered."""
    namespace = {
        "__module__": kind.__module__,
        "__slots__": ("_read",),
        "configuration": property(lambda judge: judge._read),  # noqa: SLF001
    }
    return super(MetaExpectation, MetaExpectation).__new__(MetaExpectation, kind.__name__, (kind,), namespace)
