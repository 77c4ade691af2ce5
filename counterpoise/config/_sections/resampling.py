"""How train is balanced."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from counterpoise.config._sections.fields import JsonObjectText, Pairs, Section
from counterpoise.strategies import STRATEGIES, StrategyName

__all__ = ["ResamplingConfig", "sampler_settings"]

_MEMORY = r"^(\d+(\.\d+)? ?(MB|GB|MiB|GiB))?$"


class ResamplingConfig(Section):
    """How the train partition, and only it, is balanced."""

    literal_fields = frozenset({"class_ratios"})

    strategy: StrategyName = Field(
        "random_over", description="The resampling strategy; auto takes the advised one and says why."
    )
    ratio: float = Field(
        1.0,
        gt=0,
        le=1,
        description="Wanted size of each smaller class relative to the largest after resampling, or, where larger "
        "classes shrink, of the smallest relative to each of them.",
    )
    class_ratios: Pairs = Field(
        (), description="Ratios of single classes, as class=ratio; the other classes have the ratio above."
    )
    k_neighbors: int = Field(5, ge=1, le=100, description="Neighbours for SMOTE and its family.")
    too_few_neighbors: Literal["stop", "lower_k", "random_over"] = Field(
        "stop", description="A class with k_neighbors rows or fewer: stop, lower k, or repeat its rows instead."
    )
    neighbor_search: Literal["exact", "approximate"] = Field(
        "exact",
        description="How SMOTE and SMOTENC find neighbours, also where smote_enn or smote_tomek cleans after them: "
        "exactly, or by an index for very large classes (needs counterpoise[approximate]). Other strategies search "
        "exactly, and a note says so.",
    )
    scale: bool = Field(True, description="Search neighbours in standardised space; values stay in the original one.")
    memory_limit: str = Field(
        "",
        pattern=_MEMORY,
        description="The most memory that resampling may need, such as 8 GiB; empty means what the machine has free.",
    )
    options: JsonObjectText = Field("{}", description="Further options of the sampler, as a JSON object.")

    @model_validator(mode="before")
    @classmethod
    def _ratio_by_class(cls, values: Any) -> Any:
        """Accept a mapping of classes where the ratio stands."""
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
        """Return the sampler's own options, as far as they are set."""
        return STRATEGIES[self.strategy].options.model_validate_json(self.options or "{}").given()

    def ratios(self) -> dict[str, float]:
        """Return the ratios of single classes."""
        return {name: float(number) for name, _, number in (pair.rpartition("=") for pair in self.class_ratios)}


def sampler_settings(section: ResamplingConfig, name: str, options: dict[str, Any]) -> ResamplingConfig:
    """Return the section for another strategy; its own options stay with the strategy that they are for.

    Args:
        section: The settings to start from.
        name: The strategy.
        options: Fields of the section, such as `ratio`, that differ from it.

    Raises:
        ValidationError: The options are wrong.
    """
    settings = section.model_dump()
    if name != section.strategy:
        settings["options"] = "{}"
    return ResamplingConfig.model_validate({**settings, **options, "strategy": name})
