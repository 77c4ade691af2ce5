"""How the effect of resampling is measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from counterpoise.config._sections.fields import Section
from counterpoise.metrics import names

__all__ = ["EvaluationConfig", "LearnerName"]

LearnerName = Literal["logistic_regression", "hist_gradient_boosting", "random_forest"]
if TYPE_CHECKING:
    ThresholdName = str
else:
    ThresholdName = Literal[(*names("threshold"), "f_beta", "cost", "precision", "recall", "alerts")]


class EvaluationConfig(Section):
    """How the effect of resampling is measured."""

    literal_fields = frozenset({"positive_class"})

    enabled: bool = Field(True, description="Whether to train learners and write the report's metrics.")
    learners: tuple[LearnerName, ...] = Field(
        ("logistic_regression", "hist_gradient_boosting"), min_length=1, description="The learners to compare with."
    )
    threshold: ThresholdName = Field(
        "f1",
        description="How the decision threshold is chosen on validation: the largest F1, F2, MCC, balanced accuracy or "
        "F-beta, the least cost, or the best one that keeps min_precision, min_recall or max_alerts.",
    )
    calibration: Literal["auto", "sigmoid", "isotonic", "none"] = Field(
        "auto",
        description="The calibrator that is fitted on validation: a sigmoid, isotonic regression or none; auto takes a "
        "sigmoid, and isotonic regression where it does better and the rarer class has 1,000 rows.",
    )
    beta: float = Field(1.0, gt=0, le=100, description="How much more recall counts than precision in F-beta.")
    cost_false_positive: float = Field(1.0, ge=0, description="What a false alarm costs, in any unit.")
    cost_false_negative: float = Field(10.0, ge=0, description="What a missed positive costs, in the same unit.")
    min_precision: float = Field(0.8, gt=0, le=1, description="The precision that the operating point by it must have.")
    min_recall: float = Field(0.8, gt=0, le=1, description="The recall that the operating point by it must have.")
    max_alerts: float = Field(
        10.0, gt=0, le=1000, description="The most rows in a thousand that the operating point by it calls positive."
    )
    positive_class: str = Field("", description="With two classes: the one of interest; empty means the rarer one.")
    max_train_rows: int = Field(
        200_000,
        ge=1_000,
        description="At most so many train rows a fit: beyond, both sides are one stratified sample of source rows.",
    )
    bootstrap: int = Field(1_000, ge=0, le=100_000, description="Bootstrap resamples for the intervals; 0 for none.")
