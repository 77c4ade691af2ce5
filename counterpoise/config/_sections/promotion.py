"""The section `promotion`: when a version is promoted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Literal

from pydantic import Field, model_validator

from counterpoise.config._sections.fields import Section
from counterpoise.metrics import HEADLINE, PromotionName


class PromotionConfig(Section):
    """When to mark a version as promoted, so that `NAME@promoted` refers to it."""

    rule: Literal["never", "always", "not_worse"] = Field(
        "never",
        description="Promote only by hand, every new version, or a version that is not worse than those promoted "
        "before by more than the margin, or than noise explains (the first version: above chance).",
    )
    metric: PromotionName = Field(
        HEADLINE.name, description="With not_worse: the metric, measured on test with resampling."
    )
    margin: float = Field(
        0.02,
        ge=0,
        le=1,
        description="With not_worse: how far the metric may fall below the mean of the versions promoted last, and of "
        "those promoted first; further if noise explains more.",
    )
    learner: str = Field(
        "", description="With not_worse: one of evaluation.learners; empty for the learner of each version's verdict."
    )

    @model_validator(mode="before")
    @classmethod
    def _old_name(cls, values: Any) -> Any:
        """Accept `tolerance`, the name of the margin in earlier configurations."""
        if not isinstance(values, Mapping) or "tolerance" not in values:
            return values
        if "margin" in values:
            raise ValueError("promotion.tolerance is the old name of promotion.margin: set only promotion.margin")
        return {"margin" if name == "tolerance" else name: value for name, value in values.items()}

    def check_learner(self, learners: Collection[str]) -> None:
        """Check that the learner is one of the compared learners.

        Raises:
            ValueError: It is not.
        """
        if self.learner and self.learner not in learners:
            raise ValueError(
                f"promotion.learner {self.learner!r} is not one of evaluation.learners: {', '.join(learners)}"
            )
