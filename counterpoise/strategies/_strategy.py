"""The facts that every strategy declares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict

from counterpoise.strategies._costs import Costs

Family = Literal["none", "over", "under", "clean", "combine"]
"""over: smaller classes grow. under: larger ones shrink to a size. clean: rows go by their features. combine: both."""

Sees = Literal["labels", "class rows", "train rows"]
"""The data that a strategy reads besides the labels of train: the features of growing classes, or of all."""


class Options(BaseModel):
    """A strategy's own options, with imbalanced-learn's names, bounds and defaults; this one has none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def given(self) -> dict[str, Any]:
        """Return the options that are set."""
        return self.model_dump(exclude_unset=True)


class Cleaned(Options):
    """The option that selects which classes lose rows."""

    sampling_strategy: Literal["auto", "majority", "not minority", "not majority", "all"] = "auto"


@dataclass(frozen=True, kw_only=True)
class Strategy:
    """The facts of a strategy that do not require running it; its kind defines how it runs.

    Attributes:
        name: Its name in the configuration, which is also that of its module.
        label: Its name within a sentence.
        remark: A short description for a list of alternatives.
        family: Its effect on the classes.
        sees: The data that it reads of the train partition.
        options: The model of its options.
        chance: Whether its result depends on the seed.
        costs: The costs of its sampler.
        why_missed: Why a class may miss its wanted rows; empty if this cannot happen or no rows are wanted.
        remedy: The remedy if its sampler cannot work with the rows.
        simplicity: Its rank among strategies that do equally well in a comparison: the smallest is chosen.
        weighs: Whether it gives rows weights instead of copies.
    """

    name: str
    label: str
    remark: str
    family: Family
    sees: Sees
    options: type[Options] = Options
    chance: bool
    costs: Costs
    why_missed: str
    remedy: str = "lower resampling.k_neighbors or the neighbours in its options"
    simplicity: int
    weighs: bool = False

    def __post_init__(self) -> None:
        """Reject facts that the rest of the library does not know.

        Raises:
            ValueError: The family or the data that it reads is unknown.
        """
        for fact, known in ((self.family, Family), (self.sees, Sees)):
            if fact not in get_args(known):
                raise ValueError(f"strategy {self.name!r}: {fact!r} is none of {', '.join(get_args(known))}")

    @property
    def grows(self) -> bool:
        """Whether smaller classes get more rows."""
        return self.family in ("over", "combine")

    @property
    def has_target(self) -> bool:
        """Whether the ratio determines how many rows of each class are wanted."""
        return self.family in ("over", "under", "combine")

    @property
    def searches(self) -> bool:
        """Whether it searches neighbours of a growing class, which then needs more rows than `k_neighbors`."""
        return self.grows and self.sees != "labels"

    @property
    def approximates(self) -> bool:
        """Whether it supports `neighbor_search: approximate`."""
        return False

    @property
    def votes_alone(self) -> bool:
        """Whether it makes rows by votes only, as SMOTEN does, if all features are categories."""
        return False

    def listed(self, options: dict[str, Any], *, k_neighbors: int, least: int) -> int:
        """Return how many neighbours per row its sampler holds at once.

        Args:
            options: Its options that are set.
            k_neighbors: The neighbours of the configuration.
            least: Rows of the smallest class.
        """
        del least
        return int(options.get("n_neighbors", k_neighbors)) + int(options.get("m_neighbors", 10))
