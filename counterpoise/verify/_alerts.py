"""Check that the numbers about the alerts of each day are consistent with each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from counterpoise.evaluate import day_differences, mean_over_days
from counterpoise.results import AlertsADay, MetricsRecord
from counterpoise.verify._differences import unequal


def alerts_differences(record: MetricsRecord, found: AlertsADay) -> Iterator[str]:
    """Yield sentences on numbers by day that contradict each other or the test rows.

    Args:
        record: The record; it has a class of interest if it has days.
        found: Its part on alerts.
    """
    test, days = record.rows.test, found.days
    yield from unequal("rows of all days", sum(day.rows for day in days), test.rows)
    positives = test.classes.get(record.positive_class or "", 0)
    yield from unequal("positives of all days", sum(day.positives for day in days), positives)
    arms = [(arm.learner, arm.strategy) for arm in record.arms]
    yield from unequal("the arms of alerts", [(arm.learner, arm.strategy) for arm in found.arms], arms)
    for arm in found.arms:
        name = f"{arm.learner}, {arm.strategy}: alerts a day"
        for mean in filter(None, (arm.rows, arm.groups)):
            stated_mean, wanted_mean = mean.model_dump(mode="json"), mean_over_days(mean.by_day)
            yield from unequal(name, _rounded(stated_mean), _rounded(wanted_mean))
        for day, share in zip(days, arm.rows.by_day, strict=True):
            if share * found.alerts > day.positives * (1 + 1e-9):
                yield f"{name}: more positives found on {day.day[:100]} than there are"
    if arms == [(arm.learner, arm.strategy) for arm in found.arms]:
        stated = [one.model_dump(mode="json") for one in found.differences]
        wanted = day_differences([arm.model_dump(mode="json") for arm in found.arms], strategy=record.strategy)
        yield from unequal("differences by day", _rounded(stated), _rounded(wanted))


def _rounded(value: Any) -> Any:
    """Return a value with its numbers rounded."""
    if isinstance(value, dict):
        return {name: _rounded(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(one) for one in value]
    return round(value, 9) if isinstance(value, float) else value
