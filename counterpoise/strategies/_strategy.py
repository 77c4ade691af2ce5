"""What every strategy declares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict

from counterpoise.strategies._costs import Costs

__all__ = ["Cleaned", "Family", "Options", "Sees", "Strategy"]

Family = Literal["none", "over", "under", "clean", "combine"]
"""over: smaller classes grow. under: larger ones shrink to a size. clean: rows go by what they are. combine: both."""

Sees = Literal["labels", "class rows", "train rows"]
"""What a strategy reads of the train partition beside the labels: the features of growing classes, or of all."""


class Options(BaseModel):
    """A strategy's own options, with imbalanced-learn's names, bounds and defaults; this one has none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def given(self) -> dict[str, Any]:
        """Return the options that were set."""
        return self.model_dump(exclude_unset=True)


class Cleaned(Options):
    """Which classes lose rows."""

    sampling_strategy: Literal["auto", "majority", "not minority", "not majority", "all"] = "auto"


@dataclass(frozen=True, kw_only=True)
class Strategy:
    """What is known of a strategy without running it; its kind says how it is run.

    Attributes:
        name: Its name in the configuration, which its module has, too.
        label: Its name in the middle of a sentence.
        remark: What it does, in a few words, for a list of alternatives.
        family: What it does to the classes.
        sees: What it reads of the train partition.
        options: Its own options.
        chance: Whether the seed has a part in it.
        costs: What its sampler needs.
        why_missed: Why a class may have other than the wanted rows; empty where that cannot happen or none are wanted.
        remedy: What to do where its sampler finds nothing to work with.
        simplicity: Its place among strategies that do equally well in a comparison: the least is chosen.
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
        """Refuse facts that mean nothing to the rest of the library.

        Raises:
            ValueError: There is no such family, or nothing of that name to look at.
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
        """Whether the ratio says how many rows of each class are wanted."""
        return self.family in ("over", "under", "combine")

    @property
    def searches(self) -> bool:
        """Whether neighbours of a growing class are searched, so that it needs more rows than `k_neighbors`."""
        return self.grows and self.sees != "labels"

    @property
    def approximates(self) -> bool:
        """Whether `neighbor_search: approximate` is for it."""
        return False

    @property
    def votes_alone(self) -> bool:
        """Whether it makes rows by votes alone, as SMOTEN does, where all features are categories."""
        return False

    def listed(self, options: dict[str, Any], *, k_neighbors: int, least: int) -> int:
        """Return how many neighbours of a row its sampler holds at once.

        Args:
            options: Its own options, as far as they are set.
            k_neighbors: The neighbours of the configuration.
            least: Rows of the smallest class.
        """
        del least
        return int(options.get("n_neighbors", k_neighbors)) + int(options.get("m_neighbors", 10))
