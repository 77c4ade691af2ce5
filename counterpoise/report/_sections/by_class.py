"""One-vs-rest metrics of each class, if there are more than two."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from counterpoise.report._sections.arms import arm_colour, by_learner, part
from counterpoise.report._sections.curves import smallest_classes
from counterpoise.results import learner_label, strategy_label
from counterpoise.text import capital, share


def _view(metrics: dict[str, Any]) -> tuple[dict[str, Any], ...] | None:
    return None if metrics["task"] == "binary" else tuple(_rows(metrics))


def _rows(metrics: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield one row per learner and class, smallest classes first, with and without the strategy."""
    for learner, arms in by_learner(metrics):
        for index in smallest_classes(arms[0]):
            own = [arm["per_class"][index] for arm in arms]
            yield {
                "learner": capital(learner_label(learner)),
                "class": own[0]["class"],
                "rows": own[0]["rows"],
                "prevalence": share(own[0]["prevalence"]),
                "arms": [
                    {"strategy": strategy_label(arm["strategy"]), "arm": arm_colour(arm["strategy"]), **part}
                    for arm, part in zip(arms, own, strict=True)
                ],
            }


BY_CLASS = part("by-class", "By class", _view)
