"""Paired differences on the same test rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from counterpoise.metrics import METRICS, names
from counterpoise.report._drawing.scale import Scale, Scaled
from counterpoise.report._sections.arms import part
from counterpoise.results import learner_label
from counterpoise.text import capital


@dataclass(frozen=True)
class ChangeRow:
    """A paired difference; `rows` is the row span of its heading, 0 after the first row.

    `change` is the mean over draws if there are several, and `span` the lowest and the highest of them.
    """

    name: str
    rows: int
    metric: str
    lower_is_better: bool
    change: dict[str, Any]
    whisker: Scaled | None = None
    span: tuple[float, float] | None = None
    reference: str = ""


def _view(metrics: dict[str, Any]) -> tuple[ChangeRow, ...] | None:
    return tuple(row for metric in names("differences") for row in _rows(metrics["comparisons"], metric)) or None


def _rows(comparisons: list[dict[str, Any]], metric: str) -> Iterator[ChangeRow]:
    """Yield the differences (strategy minus none) of all learners."""
    changes = [change_of(comparison, metric) for comparison in comparisons]
    known = [[value for value in one.get("values", ()) if value is not None] for one in changes]
    bounds = (one[name] for one in changes for name in ("difference", "low", "high"))
    scale = Scale.over([0.0, *bounds, *(value for values in known for value in values)])
    for place, (comparison, change, values) in enumerate(zip(comparisons, changes, known, strict=True)):
        yield ChangeRow(
            name=capital(learner_label(comparison["learner"])),
            rows=0 if place else len(comparisons),
            metric=METRICS[metric].label,
            lower_is_better=METRICS[metric].better == "smaller",
            change=change,
            whisker=scale.scaled(change["difference"], change, mark=0.0, folds=values),
            span=span_of(change),
        )


def span_of(change: dict[str, Any]) -> tuple[float, float] | None:
    """Return the lowest and the highest draw; None if there is only one."""
    values = [value for value in change.get("values", ()) if value is not None]
    return (min(values), max(values)) if values else None


def change_of(comparison: dict[str, Any], metric: str) -> dict[str, Any]:
    """Return the mean effect of a comparison's draws, or the difference of the only one."""
    effects = (comparison.get("draws") or {}).get("effects") or {}
    found: dict[str, Any] = effects.get(metric) or comparison["differences"][metric]
    return found


CHANGES = part("changes", "", _view)
