"""The kinds of strategies: what each is given of the train rows, and what it gives back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from counterpoise.strategies._costs import NO_COSTS, Costs, Workload, search_seconds
from counterpoise.strategies._strategy import Family, Options, Sees, Strategy

if TYPE_CHECKING:  # numpy is loaded with the samplers, and not by everybody who reads a configuration
    from counterpoise.strategies._samplers import Drawn
    from counterpoise.typing import Codes, Copies, Ints, Matrix

__all__ = [
    "Cleaner",
    "Combined",
    "Keeper",
    "Maker",
    "SamplerInput",
    "Selection",
    "Smote",
    "SmoteKind",
    "Unchanged",
    "Undersampler",
    "Variant",
]

SmoteKind = Literal["smote", "smotenc", "smoten"]
"""Which SMOTE suits the features: numbers alone, numbers and categories, or categories alone."""

_FEATURES = 6
"""The simplicity of strategies that look at features: behind those that look at labels."""


@dataclass(frozen=True)
class SamplerInput:
    """What a sampler is given.

    Attributes:
        points: The train rows in the neighbour space, of shape (rows, columns).
        labels: Their class codes; without gaps for strategies that keep rows.
        wanted: Rows wanted of each class, for those that make rows of each growing class.
        k_neighbors: Neighbours to choose from, for strategies that make rows.
        seed: imbalanced-learn's `random_state`.
        options: The strategy's own options, as far as they are set.
    """

    points: Matrix
    labels: Codes
    wanted: Mapping[int, int]
    k_neighbors: int
    seed: int
    options: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Unchanged(Strategy):
    """Leaves the train rows as they are."""

    family: Family = field(default="none", init=False)
    sees: Sees = field(default="labels", init=False)
    costs: Costs = field(default=NO_COSTS, init=False)
    chance: bool = False
    why_missed: str = field(default="", init=False)


@dataclass(frozen=True, kw_only=True)
class Selection(Strategy, ABC):
    """Repeats or drops rows by their labels, and never sees a feature."""

    sees: Sees = field(default="labels", init=False)
    costs: Costs = field(default=NO_COSTS, init=False)

    @abstractmethod
    def select(self, codes: Codes, wanted: Mapping[int, int], *, seed: int, options: Mapping[str, Any]) -> Copies:
        """Return how often each row is taken.

        Args:
            codes: The class codes of the train rows.
            wanted: Rows wanted by class code, for classes that have any.
            seed: imbalanced-learn's `random_state`.
            options: The strategy's own options, as far as they are set.
        """


@dataclass(frozen=True, kw_only=True)
class Keeper(Strategy, ABC):
    """Keeps or drops rows by what they are."""

    sees: Sees = field(default="train rows", init=False)
    simplicity: int = field(default=_FEATURES, init=False)

    @abstractmethod
    def keep(self, given: SamplerInput) -> Ints:
        """Return the positions of the rows that stay, int64; a row may be kept twice.

        Raises:
            ValueError: There is nothing to work with.
        """


@dataclass(frozen=True, kw_only=True)
class LibraryKeeper(Keeper):
    """A sampler of imbalanced-learn that keeps rows.

    Attributes:
        sampler: Its class in `imblearn.under_sampling`.
    """

    sampler: str

    def keep(self, given: SamplerInput) -> Ints:
        """Return the positions of the rows that stay."""
        from counterpoise.strategies._samplers import kept_rows

        return kept_rows(self.sampler, given.points, given.labels, settings=self.settings(given))

    def settings(self, given: SamplerInput) -> dict[str, Any]:
        """Return the sampler's parameters."""
        return {**given.options, **({"random_state": given.seed} if self.chance else {})}


@dataclass(frozen=True, kw_only=True)
class Cleaner(LibraryKeeper):
    """Drops rows by what they are, whatever the ratio."""

    family: Family = field(default="clean", init=False)
    remark: str = field(default="cleans, reaches no ratio", init=False)
    why_missed: str = field(default="", init=False)


@dataclass(frozen=True, kw_only=True)
class Undersampler(LibraryKeeper):
    """Shrinks larger classes to the wanted rows."""

    family: Family = field(default="under", init=False)
    why_missed: str = field(default="rows of equal measure stay or go together", init=False)

    def settings(self, given: SamplerInput) -> dict[str, Any]:
        """Return the sampler's parameters, the rows wanted of shrinking classes among them."""
        from counterpoise.strategies._samplers import shrinking

        return {**super().settings(given), "sampling_strategy": shrinking(given.labels, given.wanted)}


@dataclass(frozen=True, kw_only=True)
class Maker(Strategy, ABC):
    """Makes rows of growing classes between neighbours, and looks at all classes for that."""

    family: Family = field(default="over", init=False)
    sees: Sees = field(default="train rows", init=False)
    chance: bool = field(default=True, init=False)
    simplicity: int = field(default=_FEATURES, init=False)

    @abstractmethod
    def draw(self, given: SamplerInput) -> Iterable[Drawn]:
        """Return parents, steps and voters of the synthetic rows, class by class.

        Raises:
            ValueError: There is nothing to work with.
            RuntimeError: The same, of k-means SMOTE.
        """


@dataclass(frozen=True, kw_only=True)
class Variant(Maker):
    """A variant of SMOTE of imbalanced-learn, whose draws are recorded.

    Attributes:
        sampler: Its class in `imblearn.over_sampling`.
        one_thread: Whether it adds up what depends on the order of its threads.
    """

    sampler: str
    one_thread: bool = False

    def draw(self, given: SamplerInput) -> Iterable[Drawn]:
        """Return parents, steps and voters of the synthetic rows, class by class."""
        from counterpoise.strategies._samplers import recorded_draws

        settings = {**given.options, "k_neighbors": given.k_neighbors, "random_state": given.seed}
        threads = 1 if self.one_thread else None
        return recorded_draws(
            self.sampler, given.points, given.labels, wanted=given.wanted, settings=settings, threads=threads
        )


@dataclass(frozen=True, kw_only=True)
class Smote(Strategy):
    """SMOTE, which makes rows of a class between neighbours of that class alone.

    Attributes:
        suits: The kind of SMOTE that it names, which the features must suit; None where it goes by the features.
        needs: The features that it needs, in a sentence.
        needs_in_short: The same in a list.
    """

    suits: SmoteKind | None
    needs: str
    needs_in_short: str
    family: Family = field(default="over", init=False)
    chance: bool = field(default=True, init=False)
    why_missed: str = field(default="", init=False)
    simplicity: int = field(default=_FEATURES, init=False)
    costs: Costs = field(
        default=Costs(copies=2.3, seconds=lambda load: load.searching * load.growing / load.rows), init=False
    )
    """For features that do not suit it, where it is refused; what it needs on others follows from its search."""

    @property
    def approximates(self) -> bool:
        """Whether `neighbor_search: approximate` is for it."""
        return self.suits != "smoten"

    @property
    def votes_alone(self) -> bool:
        """Whether it makes rows by votes alone where all features are categories."""
        return self.suits != "smotenc"


def _search_of_all(load: Workload) -> float:
    rows = load.rows + load.added
    return search_seconds(rows, rows, load.columns)


@dataclass(frozen=True, kw_only=True)
class Combined(Strategy):
    """SMOTE, and a cleaner over original and synthetic rows.

    Attributes:
        cleaner: The strategy that cleans.
    """

    cleaner: Keeper
    options: type[Options]
    family: Family = field(default="combine", init=False)
    sees: Sees = field(default="train rows", init=False)
    remark: str = field(default="SMOTE, then cleaning", init=False)
    chance: bool = field(default=True, init=False)
    why_missed: str = field(default="rows of every class were cleaned after SMOTE", init=False)
    simplicity: int = field(default=_FEATURES, init=False)
    costs: Costs = field(default=Costs(copies=2.5, seconds=_search_of_all), init=False)

    @property
    def approximates(self) -> bool:
        """Whether `neighbor_search: approximate` is for it: its SMOTE searches so, its cleaner exactly."""
        return True

    @property
    def votes_alone(self) -> bool:
        """Whether it makes rows by votes alone where all features are categories."""
        return True
