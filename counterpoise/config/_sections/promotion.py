"""The section `promotion`: when a version is promoted."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from pydantic import Field

from counterpoise.config._sections.fields import Section
from counterpoise.metrics import HEADLINE, PromotionName


class PromotionConfig(Section):
    """When to mark a version as promoted, so that `NAME@promoted` refers to it."""

    rule: Literal["never", "always", "not_worse"] = Field(
        "never",
        description="Promote only by hand, every new version, or a version whose metric's lower bound is not "
        "below that of the last promoted one (the first version: above chance).",
    )
    metric: PromotionName = Field(
        HEADLINE.name, description="With not_worse: the metric, measured on test with resampling."
    )
    tolerance: float = Field(
        0.0, ge=0, le=1, description="With not_worse: how far the lower bound may fall below the last one."
    )
    learner: str = Field(
        "", description="With not_worse: one of evaluation.learners; empty for the learner of each version's verdict."
    )

    def check_learner(self, learners: Collection[str]) -> None:
        """Check that the learner is one of the compared learners.

        Raises:
            ValueError: It is not.
        """
        if self.learner and self.learner not in learners:
            raise ValueError(
                f"promotion.learner {self.learner!r} is not one of evaluation.learners: {', '.join(learners)}"
            )
