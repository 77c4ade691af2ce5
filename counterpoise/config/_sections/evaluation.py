"""The section `evaluation`: how the effect of resampling is measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from counterpoise.config._sections.fields import ColumnUse, JsonObjectText, Section
from counterpoise.metrics import names

LearnerName = Literal["logistic_regression", "hist_gradient_boosting", "random_forest"]
if TYPE_CHECKING:
    ThresholdName = str
else:
    ThresholdName = Literal[(*names("threshold"), "f_beta", "cost", "precision", "recall", "alerts", "amount", "fixed")]


class EvaluationConfig(Section):
    """How the effect of resampling is measured."""

    literal_fields = frozenset({"positive_class", "class_costs", "cost_column", "slices"})

    enabled: bool = Field(True, description="Whether to train learners and write the report's metrics.")
    learners: tuple[LearnerName, ...] = Field(
        ("logistic_regression", "hist_gradient_boosting"), min_length=1, description="The learners to compare with."
    )
    threshold: ThresholdName = Field(
        "f1",
        description="How to choose the decision threshold on validation: the largest F1, F2, MCC, balanced accuracy or "
        "F-beta, the lowest cost, or the best threshold that meets min_precision, min_recall or max_alerts; fixed "
        "takes fixed_threshold. A number in YAML stands for both.",
    )
    fixed_threshold: float = Field(
        0.5, ge=0, le=1, description="The threshold of the learner's own probabilities if threshold is fixed."
    )
    calibration: Literal["auto", "own", "prior", "temperature", "sigmoid", "beta", "isotonic", "none"] = Field(
        "auto",
        description="The probabilities to publish: the learner's own, prior-corrected, or those of a calibrator fitted "
        "on validation; auto cross-fits all of them there and publishes the simplest that no other beats beyond noise. "
        "none compares nothing and leaves the prior correction.",
    )
    beta: float = Field(1.0, gt=0, le=100, description="The weight of recall relative to precision in F-beta.")
    cost_false_positive: float = Field(1.0, ge=0, description="The cost of a false alarm, in any unit.")
    cost_false_negative: float = Field(10.0, ge=0, description="The cost of a missed positive, in the same unit.")
    cost_column: Annotated[str, ColumnUse("amounts", "amounts")] = Field(
        "",
        description="A column, feature or key, with the cost of missing each row, such as its amount; a false alarm "
        "costs cost_false_positive. With it threshold may be amount: the least total cost.",
    )
    class_costs: JsonObjectText = Field(
        "",
        description='With more than two classes: JSON with the cost of missing a class, such as {"fraud": 10}, or '
        'by predicted class, such as {"fraud": {"ok": 10, "theft": 2}}; 1 for classes without; empty for none.',
    )
    min_precision: float = Field(
        0.8, gt=0, le=1, description="The precision required by the operating point of that name."
    )
    min_recall: float = Field(0.8, gt=0, le=1, description="The recall required by the operating point of that name.")
    max_alerts: float = Field(
        10.0,
        gt=0,
        le=1000,
        description="The maximum number of positive calls per 1,000 rows for the operating point of that name.",
    )
    alerts_a_day: int = Field(
        100,
        ge=1,
        le=1_000_000_000,
        description="With a split by time: how many rows (and groups) with the highest scores are reviewed each day; "
        "the precision among them is measured.",
    )
    positive_class: str = Field("", description="With two classes: the one of interest; empty means the rarer one.")
    slices: Annotated[tuple[str, ...], ColumnUse("published", "groups")] = Field(
        (),
        description="Columns, features or keys, by whose values groups of test rows are compared with the rest: "
        "recall, precision, false positive rate and share of rows called, corrected for the number of tests.",
    )
    max_train_rows: int = Field(
        200_000,
        ge=1_000,
        description="Maximum number of train rows per fit; beyond it, both arms use one stratified sample of "
        "source rows.",
    )
    bootstrap: int = Field(1_000, ge=0, le=100_000, description="Bootstrap resamples for the intervals; 0 for none.")
    draws: int = Field(
        5,
        ge=1,
        le=100,
        description="How often a random strategy, or learner, is drawn for the verdict; fewer for many train rows "
        "(at least 3). 1: the verdict is about the published rows alone.",
    )
    draws_seconds: float = Field(
        120.0, ge=0, description="After 3 draws, no further one starts that would end later than this; in seconds."
    )
    equivalence: float = Field(
        0.005,
        ge=0,
        le=1,
        description="A difference in average precision that does not matter: if the whole interval is within it on "
        "either side of zero, the verdict is no difference.",
    )

    @model_validator(mode="after")
    def _amounts_have_a_column(self) -> EvaluationConfig:
        if self.threshold == "amount" and not self.cost_column:
            raise ValueError("threshold amount needs cost_column")
        return self

    @model_validator(mode="before")
    @classmethod
    def _number_as_threshold(cls, values: Any) -> Any:
        """Accept a number as threshold: the form has no unions, YAML may be short."""
        number = values.get("threshold") if isinstance(values, Mapping) else None
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            return values
        return {**values, "threshold": "fixed", "fixed_threshold": values.get("fixed_threshold", number)}
