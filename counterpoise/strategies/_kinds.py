"""The kinds of strategies: the input that each gets from the train rows, and its output."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from counterpoise.strategies._costs import NO_COSTS, Costs, Workload, search_seconds
from counterpoise.strategies._strategy import Family, Options, Sees, Strategy

if TYPE_CHECKING:  # so that reading a configuration does not load numpy
    from counterpoise.strategies._samplers import Drawn
    from counterpoise.typing import Codes, Copies, Floats, Ints, Matrix

SmoteKind = Literal["smote", "smotenc", "smoten"]
"""The SMOTE that suits the features: numbers only, numbers and categories, or categories only."""

_FEATURES = 6
"""The simplicity of strategies that use features: they rank after those that only use labels."""


@dataclass(frozen=True)
class SamplerInput:
    """The input of a sampler.

    Attributes:
        points: The train rows in the neighbour space, shape (rows, columns).
        labels: Their class codes; without gaps for strategies that keep rows.
        wanted: The wanted rows of each class; for strategies that make rows, of each growing class.
        k_neighbors: The number of neighbours to choose from, for strategies that make rows.
        seed: imbalanced-learn's `random_state`.
        options: The options of the strategy that are set.
        even: Whether SVM-SMOTE makes as many rows from each base row, in place of imbalanced-learn's shares.
    """

    points: Matrix
    labels: Codes
    wanted: Mapping[int, int]
    k_neighbors: int
    seed: int
    options: Mapping[str, Any]
    even: bool = False


@dataclass(frozen=True, kw_only=True)
class Unchanged(Strategy):
    """A strategy that leaves the train rows unchanged."""

    family: Family = field(default="none", init=False)
    sees: Sees = field(default="labels", init=False)
    costs: Costs = field(default=NO_COSTS, init=False)
    chance: bool = False
    why_missed: str = field(default="", init=False)


@dataclass(frozen=True, kw_only=True)
class Selection(Strategy, ABC):
    """A strategy that repeats or drops rows by their labels, without features."""

    sees: Sees = field(default="labels", init=False)
    costs: Costs = field(default=NO_COSTS, init=False)

    @abstractmethod
    def select(self, codes: Codes, wanted: Mapping[int, int], *, seed: int, options: Mapping[str, Any]) -> Copies:
        """Return how often each row is used.

        Args:
            codes: The class codes of the train rows.
            wanted: Wanted rows by class code, for classes that have rows.
            seed: imbalanced-learn's `random_state`.
            options: The options of the strategy that are set.
        """


@dataclass(frozen=True, kw_only=True)
class Weighing(Strategy, ABC):
    """A strategy that gives rows weights by their labels, without features, and keeps each row once."""

    sees: Sees = field(default="labels", init=False)
    costs: Costs = field(default=NO_COSTS, init=False)
    weighs: bool = field(default=True, init=False)

    @abstractmethod
    def weigh(self, codes: Codes, wanted: Mapping[int, int]) -> Floats:
        """Return the weight of each row.

        Args:
            codes: The class codes of the train rows.
            wanted: Wanted rows by class code, for classes that have rows.
        """


@dataclass(frozen=True, kw_only=True)
class Keeper(Strategy, ABC):
    """A strategy that keeps or drops rows by their features."""

    sees: Sees = field(default="train rows", init=False)
    simplicity: int = field(default=_FEATURES, init=False)

    @abstractmethod
    def keep(self, given: SamplerInput) -> Ints:
        """Return the positions of the rows to keep, int64; a row may be kept twice.

        Raises:
            ValueError: imbalanced-learn cannot work with these rows.
        """


@dataclass(frozen=True, kw_only=True)
class LibraryKeeper(Keeper):
    """An imbalanced-learn sampler that keeps rows.

    Attributes:
        sampler: Its class in `imblearn.under_sampling`.
    """

    sampler: str

    def keep(self, given: SamplerInput) -> Ints:
        """Return the positions of the rows to keep."""
        from counterpoise.strategies._samplers import kept_rows

        return kept_rows(self.sampler, given.points, given.labels, settings=self.settings(given))

    def settings(self, given: SamplerInput) -> dict[str, Any]:
        """Return the sampler's parameters."""
        return {**given.options, **({"random_state": given.seed} if self.chance else {})}


@dataclass(frozen=True, kw_only=True)
class Cleaner(LibraryKeeper):
    """A strategy that drops rows by their features, whatever the ratio."""

    family: Family = field(default="clean", init=False)
    remark: str = field(default="cleans, reaches no ratio", init=False)
    why_missed: str = field(default="", init=False)


@dataclass(frozen=True, kw_only=True)
class Undersampler(LibraryKeeper):
    """A strategy that shrinks larger classes to the wanted rows."""

    family: Family = field(default="under", init=False)
    why_missed: str = field(default="rows of equal measure stay or go together", init=False)

    def settings(self, given: SamplerInput) -> dict[str, Any]:
        """Return the sampler's parameters, including the wanted rows of shrinking classes."""
        from counterpoise.strategies._samplers import shrinking

        return {**super().settings(given), "sampling_strategy": shrinking(given.labels, given.wanted)}


@dataclass(frozen=True, kw_only=True)
class Maker(Strategy, ABC):
    """A strategy that makes rows of growing classes between neighbours, and considers all classes for that."""

    family: Family = field(default="over", init=False)
    sees: Sees = field(default="train rows", init=False)
    chance: bool = field(default=True, init=False)
    simplicity: int = field(default=_FEATURES, init=False)

    @abstractmethod
    def draw(self, given: SamplerInput) -> Iterable[Drawn]:
        """Return parents, steps and voters of the synthetic rows, class by class.

        Raises:
            ValueError: imbalanced-learn cannot work with these rows.
            RuntimeError: k-means SMOTE cannot work with these rows.
        """


@dataclass(frozen=True, kw_only=True)
class Variant(Maker):
    """A SMOTE variant of imbalanced-learn whose draws are recorded.

    Attributes:
        sampler: Its class in `imblearn.over_sampling`.
        one_thread: Whether its result depends on the order of its threads, so that it must run on one.
    """

    sampler: str
    one_thread: bool = False

    def draw(self, given: SamplerInput) -> Iterable[Drawn]:
        """Return parents, steps and voters of the synthetic rows, class by class."""
        from counterpoise.strategies._samplers import recorded_draws

        settings = {**given.options, "k_neighbors": given.k_neighbors, "random_state": given.seed}
        threads = 1 if self.one_thread else None
        return recorded_draws(
            self.sampler, given.points, given.labels, wanted=given.wanted, settings=settings, threads=threads,
            even=given.even,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Smote(Strategy):
    """SMOTE, which makes rows of a class between neighbours of that class only.

    Attributes:
        suits: The kind of SMOTE that the strategy names and the features must suit; None if the features decide.
        needs: The features that it needs, within a sentence.
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
    """The costs where it is refused because of the features; otherwise they follow from its search."""

    @property
    def approximates(self) -> bool:
        """Whether it supports `neighbor_search: approximate`."""
        return self.suits != "smoten"

    @property
    def votes_alone(self) -> bool:
        """Whether it makes rows by votes only if all features are categories."""
        return self.suits != "smotenc"


def _search_of_all(load: Workload) -> float:
    rows = load.rows + load.added
    return search_seconds(rows, rows, load.columns)


@dataclass(frozen=True, kw_only=True)
class Combined(Strategy):
    """SMOTE, followed by a cleaner on original and synthetic rows.

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
        """Whether it supports `neighbor_search: approximate`: SMOTE uses it, the cleaner searches exactly."""
        return True

    @property
    def votes_alone(self) -> bool:
        """Whether it makes rows by votes only if all features are categories."""
        return True
