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
    """A paired difference; `rows` is the row span of its heading, 0 after the first row."""

    name: str
    rows: int
    metric: str
    lower_is_better: bool
    change: dict[str, Any]
    whisker: Scaled | None = None
    reference: str = ""


def _view(metrics: dict[str, Any]) -> tuple[ChangeRow, ...] | None:
    return tuple(row for metric in names("differences") for row in _rows(metrics["comparisons"], metric)) or None


def _rows(comparisons: list[dict[str, Any]], metric: str) -> Iterator[ChangeRow]:
    """Yield the differences (strategy minus none) of all learners."""
    changes = [comparison["differences"][metric] for comparison in comparisons]
    scale = Scale.over([0.0, *(one[name] for one in changes for name in ("difference", "low", "high"))])
    for place, (comparison, change) in enumerate(zip(comparisons, changes, strict=True)):
        yield ChangeRow(
            name=capital(learner_label(comparison["learner"])),
            rows=0 if place else len(comparisons),
            metric=METRICS[metric].label,
            lower_is_better=METRICS[metric].better == "smaller",
            change=change,
            whisker=scale.scaled(change["difference"], change, mark=0.0),
        )


CHANGES = part("changes", "", _view)
