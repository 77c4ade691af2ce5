"""The section `resampling`: how train is balanced."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from counterpoise.config._sections.fields import JsonObjectText, Pairs, Section
from counterpoise.strategies import STRATEGIES, StrategyName

_MEMORY = r"^(\d+(\.\d+)? ?(MB|GB|MiB|GiB))?$"


class ResamplingConfig(Section):
    """How the train partition is balanced; the other partitions are never resampled."""

    literal_fields = frozenset({"class_ratios"})

    strategy: StrategyName = Field(
        "random_over",
        description="The resampling strategy; auto decides by cross-validation within train, and keeps none unless "
        "another is better beyond noise.",
    )
    ratio: float = Field(
        1.0,
        gt=0,
        le=1,
        description="The target size of each smaller class relative to the largest class after resampling or, if "
        "larger classes shrink, of the smallest class relative to each of them.",
    )
    class_ratios: Pairs = Field(
        (), description="Ratios of single classes, as class=ratio; other classes use the ratio above."
    )
    k_neighbors: int = Field(5, ge=1, le=100, description="The number of neighbours for SMOTE and its variants.")
    too_few_neighbors: Literal["stop", "lower_k", "random_over"] = Field(
        "stop", description="What to do if a class has k_neighbors rows or fewer: stop, reduce k, or repeat its rows."
    )
    neighbor_search: Literal["exact", "approximate"] = Field(
        "exact",
        description="How SMOTE and SMOTENC find neighbours, also within smote_enn and smote_tomek: "
        "exactly, or with an index for very large classes (needs counterpoise[approximate]). Other strategies search "
        "exactly, with a note.",
    )
    scale: bool = Field(True, description="Search neighbours in standardised space; published values are not scaled.")
    grid: bool = Field(
        True,
        description="Give synthetic rows values as the source has them: numbers and times on the grid of their column, "
        "repeated values and categories as in the nearer parent. Without it they are imbalanced-learn's.",
    )
    memory_limit: str = Field(
        "",
        pattern=_MEMORY,
        description="The maximum memory for resampling, such as 8 GiB; empty means the machine's free memory.",
    )
    options: JsonObjectText = Field("{}", description="Additional options of the sampler, as a JSON object.")

    @model_validator(mode="before")
    @classmethod
    def _ratio_by_class(cls, values: Any) -> Any:
        """Accept a mapping of classes in place of the ratio."""
        if isinstance(values, dict) and isinstance(values.get("ratio"), dict):
            others = {name: value for name, value in values.items() if name != "ratio"}
            return {**others, "class_ratios": values["ratio"]}
        return values

    @field_validator("class_ratios")
    @classmethod
    def _ratios_in_range(cls, pairs: tuple[str, ...]) -> tuple[str, ...]:
        for pair in pairs:
            name, _, number = pair.rpartition("=")
            if re.fullmatch(r"\d*\.?\d+(?:[eE]-?\d+)?", number) is None or not 0 < float(number) <= 1:
                raise ValueError(f"the ratio of class {name!r} must be above 0 and at most 1, not {number!r}")
        return pairs

    @model_validator(mode="after")
    def _known_options(self) -> ResamplingConfig:
        try:
            STRATEGIES[self.strategy].options.model_validate_json(self.options or "{}")
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
            allowed = ", ".join(STRATEGIES[self.strategy].options.model_fields) or "none"
            raise ValueError(f"options of {self.strategy}: {wrong}; allowed: {allowed}") from None
        return self

    def sampler_options(self) -> dict[str, Any]:
        """Return the sampler's own options that are set."""
        return STRATEGIES[self.strategy].options.model_validate_json(self.options or "{}").given()

    def ratios(self) -> dict[str, float]:
        """Return the ratios of single classes."""
        return {name: float(number) for name, _, number in (pair.rpartition("=") for pair in self.class_ratios)}


def sampler_settings(section: ResamplingConfig, name: str, options: dict[str, Any]) -> ResamplingConfig:
    """Return the section for another strategy; strategy-specific options are not carried over.

    Args:
        section: The settings to start from.
        name: The strategy.
        options: Fields of the section to change, such as `ratio`.

    Raises:
        ValidationError: The options are invalid.
    """
    settings = section.model_dump()
    if name != section.strategy:
        settings["options"] = "{}"
    return ResamplingConfig.model_validate({**settings, **options, "strategy": name})
