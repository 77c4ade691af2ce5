"""The section of the configuration that says when a version is promoted."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from pydantic import Field

from counterpoise.config._sections.fields import Section
from counterpoise.metrics import HEADLINE, PromotionName

__all__ = ["PromotionConfig"]


class PromotionConfig(Section):
    """When a version is marked as the promoted one, which `NAME@promoted` gives."""

    rule: Literal["never", "always", "not_worse"] = Field(
        "never",
        description="Promote by hand only, every new version, or one whose metric's lower bound is not below that of "
        "the last promoted one (of the first: above chance).",
    )
    metric: PromotionName = Field(HEADLINE.name, description="With not_worse: the metric on test, with resampling.")
    tolerance: float = Field(
        0.0, ge=0, le=1, description="With not_worse: how far below the last lower bound is still as good."
    )
    learner: str = Field(
        "", description="With not_worse: one of evaluation.learners; empty means the one of each version's verdict."
    )

    def check_learner(self, learners: Collection[str]) -> None:
        """Check that the learner is one of those that are compared.

        Raises:
            ValueError: It is not.
        """
        if self.learner and self.learner not in learners:
            raise ValueError(
                f"promotion.learner {self.learner!r} is not one of evaluation.learners: {', '.join(learners)}"
            )
