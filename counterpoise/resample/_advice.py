"""The advice by counts and types: which resampling strategy suits the rows and is worth a trial, and why.

There are few rules, based on what can be counted. None claims that resampling helps: `auto` tries the strategy against
none by cross-validation (`counterpoise/compare/_choice`), and the report measures its effect on test.

- Balanced classes need no resampling, and resampling distorts predicted probabilities (van den Goorbergh et al. 2022,
  "The harm of class imbalance corrections for risk prediction models", JAMIA 29(9)). For strong learners balancing
  changes little beyond the effect of a tuned threshold (Elor and Averbuch-Elor 2022, "To SMOTE, or not to SMOTE?",
  arXiv:2201.08528), so at an extreme imbalance the advice is a tenth of the largest class, not its size.
- If both classes are large, dropping rows of the larger one loses little and makes all later work faster; the loss
  grows as the smaller class shrinks (Dal Pozzolo et al. 2015, "When is undersampling effective in unbalanced
  classification tasks?", ECML PKDD).
- SMOTE (Chawla et al. 2002, JAIR 16) needs neighbours: at least three are required here.
- With many features distances are not informative (Beyer et al. 1999, "When is 'nearest neighbor' meaningful?", ICDT),
  and SMOTE changes little for most learners (Blagus and Lusa 2013, "SMOTE for high-dimensional class-imbalanced data",
  BMC Bioinformatics 14:106).
- SMOTENC counts all mismatches of categories alike, so neighbours are arbitrary if most features are categories
  (Mukherjee and Khushi 2021, "SMOTE-ENC", Applied System Innovation 4(1)). SMOTEN measures categories by their
  association with the classes, but computes all distances within a class.
- A trial should not take long: a neighbour search of more than ten minutes is not advised.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from counterpoise.config import ResamplingConfig
from counterpoise.records import StrategyChoice
from counterpoise.resample._costs.preflight import Estimate, estimate, format_seconds, obstacle, with_strategy
from counterpoise.resample._costs.train_facts import TrainFacts
from counterpoise.resample._targets import wanted_rows
from counterpoise.runtime import format_size, parse_size
from counterpoise.strategies import STRATEGIES
from counterpoise.table import Degree, imbalance_degree

FEWEST_NEIGHBORS = 3
MAX_FEATURES = 100
MAX_LEVELS_A_FEATURE = 100
MAX_DISTANCES_OF = 5_000
PLENTY = 10_000
VERY_LARGE = 1_000_000
OFTEN = 20
EXTREME_RATIO = 0.1
LONGEST_SEARCH = 600
"""Seconds. The estimate is rough and on the high side: a lower limit would rule out searches of a few minutes."""


@dataclass(frozen=True)
class Alternative:
    """A strategy that is not advised.

    Attributes:
        strategy: Its name in the configuration.
        estimate: Its estimated costs.
        remark: A short description.
        trouble: Why it cannot run on these rows; empty if it can.
    """

    strategy: str
    estimate: Estimate
    remark: str
    trouble: str = ""


@dataclass(frozen=True)
class Advice:
    """A strategy worth a trial.

    Attributes:
        strategy: Its name in the configuration.
        reason: One sentence that explains the choice, with the numbers.
        ratio: The ratio to use with it.
        k_neighbors: The neighbours to use with it.
        degree: How imbalanced the train rows are.
        train_rows: The number of train rows.
        estimate: Its estimated costs.
        alternatives: All other strategies.
    """

    strategy: str
    reason: str
    ratio: float
    k_neighbors: int
    degree: Degree
    train_rows: int
    estimate: Estimate
    alternatives: tuple[Alternative, ...]

    def applied(self, config: ResamplingConfig) -> ResamplingConfig:
        """Return a configuration that follows the advice."""
        return _following(config, _Choice(self.strategy, self.reason, self.ratio, self.k_neighbors))


@dataclass(frozen=True)
class _Choice:
    """The settings that a rule chooses, and its reason."""

    strategy: str
    reason: str
    ratio: float
    k_neighbors: int


def advise(facts: TrainFacts, config: ResamplingConfig) -> Advice:
    """Return the strategy worth a trial on these train rows.

    The advice follows only from the facts and the configuration, not from the machine: memory matters only if
    `resampling.memory_limit` is set. A ratio other than 1, class ratios and `k_neighbors` are kept as configured, as
    far as the rows allow.

    Args:
        facts: The facts of the train rows, including category levels.
        config: Ratio, neighbours and limits; its strategy is ignored.
    """
    choice = _within_limit(facts, config, _soon_enough(facts, config, _choose(facts, config)))
    settings = _following(config, choice)
    return Advice(
        strategy=choice.strategy,
        reason=choice.reason,
        ratio=choice.ratio,
        k_neighbors=choice.k_neighbors,
        degree=imbalance_degree(facts.classes),
        train_rows=facts.rows,
        estimate=estimate(facts, settings),
        alternatives=tuple(_alternatives(facts, settings)),
    )


def follow(choice: StrategyChoice, config: ResamplingConfig) -> ResamplingConfig:
    """Return the settings of a recorded choice.

    Args:
        choice: How `auto` was decided.
        config: The settings that it leaves alone.
    """
    return _following(config, _Choice(choice.strategy, choice.reason, choice.ratio, choice.k_neighbors))


def settings_of(choice: StrategyChoice) -> list[str]:
    """Return the settings of a choice that differ from the defaults, as the command line accepts them."""
    strategy, usual = STRATEGIES[choice.strategy], ResamplingConfig()
    changed = [f"resampling.strategy={choice.strategy}"]
    if choice.strategy != "none" and choice.ratio != usual.ratio:
        changed.append(f"resampling.ratio={choice.ratio:g}")
    if strategy.searches and choice.k_neighbors != usual.k_neighbors:
        changed.append(f"resampling.k_neighbors={choice.k_neighbors}")
    return changed


def _following(config: ResamplingConfig, choice: _Choice) -> ResamplingConfig:
    changed = {"ratio": choice.ratio, "k_neighbors": choice.k_neighbors}
    return with_strategy(config, choice.strategy).model_copy(update=changed)


def _choose(facts: TrainFacts, config: ResamplingConfig) -> _Choice:
    """Return the choice of the first rule that applies, or SMOTE if none does."""
    degree = imbalance_degree(facts.classes)
    own_ratio = config.ratio != 1 or bool(config.class_ratios)
    ratio = config.ratio if own_ratio or degree != "extreme" else EXTREME_RATIO
    usual = _Choice("random_over", "", ratio, config.k_neighbors)
    if degree == "balanced":
        reason = f"The classes are balanced, the smallest one {_smallest(facts)}: there is nothing to correct."
        return replace(usual, strategy="none", reason=reason, ratio=config.ratio)
    if reason := _plenty(facts):
        return replace(
            usual, strategy="random_under", reason=reason, ratio=config.ratio if own_ratio else EXTREME_RATIO
        )
    if reason := _no_distance(facts) or _no_neighbours(facts, replace(usual, strategy="smote"), config):
        return replace(usual, reason=f"{reason}: rows of smaller classes are repeated instead.")
    least = min(facts.classes.values())
    return replace(usual, strategy="smote", reason=_suits_smote(facts), k_neighbors=min(config.k_neighbors, least - 1))


def _smallest(facts: TrainFacts) -> str:
    """Return the smallest class and its share, for the start of a sentence."""
    name = min(facts.classes, key=lambda one: (facts.classes[one], one))
    rows = facts.classes[name]
    return f"{name!r} has {rows:,} of {facts.rows:,} train rows ({100 * rows / facts.rows:.3g} %)"


def _plenty(facts: TrainFacts) -> str:
    """Return a reason to drop rows if the largest class is very large and the smallest has plenty, or an empty text."""
    least, most = min(facts.classes.values()), max(facts.classes.values())
    if most < VERY_LARGE or least < PLENTY or most <= OFTEN * least:
        return ""
    return f"{_smallest(facts)}, which is plenty: most of the {most:,} rows of the largest class can be dropped."


def _no_distance(facts: TrainFacts) -> str:
    """Return why distances between rows are not meaningful, or an empty text if they are."""
    if facts.nested:
        return f"{facts.nested[0]!r} has no plain values to compute distances from"
    wide = [name for name, levels in facts.levels.items() if levels - 1 > MAX_LEVELS_A_FEATURE]
    if wide:
        return f"{wide[0]!r} has more than {MAX_LEVELS_A_FEATURE} categories, too many for a vote of few neighbours"
    features = facts.numeric + facts.voted
    if features > MAX_FEATURES:
        return f"With {features:,} features distances are not informative, so SMOTE has no meaningful neighbours"
    if 0 < facts.numeric < facts.voted:
        are = "is a number" if facts.numeric == 1 else "are numbers"
        return f"Only {facts.numeric} of {features} features {are}, so mismatches of categories decide who is near"
    return ""


def _no_neighbours(facts: TrainFacts, choice: _Choice, config: ResamplingConfig) -> str:
    """Return why SMOTE cannot be used for the growing classes, or an empty text if it can."""
    least = min(facts.classes.values())
    if least <= FEWEST_NEIGHBORS:
        return f"{_smallest(facts)}, too few to interpolate between neighbours"
    wanted = wanted_rows(facts.classes, _following(config, choice))
    largest = max((facts.classes[name] for name, number in wanted.items() if number > facts.classes[name]), default=0)
    if not facts.numeric and largest > MAX_DISTANCES_OF:
        return f"All features are categories, and SMOTEN would compute all distances among {largest:,} rows"
    return ""


def _suits_smote(facts: TrainFacts) -> str:
    votes = f"a vote on {_many(facts.voted, 'categorical feature')}"
    if not facts.numeric:
        how = f"by {votes}"
    else:
        how = f"by interpolating {_many(facts.numeric, 'number')}" + (f" and {votes}" if facts.voted else "")
    return f"{_smallest(facts)}, enough to find neighbours and make rows {how}."


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _soon_enough(facts: TrainFacts, config: ResamplingConfig, choice: _Choice) -> _Choice:
    """Return the choice, or repetition of rows if the choice would search for too long."""
    quick = replace(choice, strategy="random_over", k_neighbors=config.k_neighbors)
    base = estimate(facts, _following(config, quick)).seconds
    needed = estimate(facts, _following(config, choice)).seconds
    if needed - base <= LONGEST_SEARCH:
        return choice
    label = STRATEGIES[choice.strategy].label
    reason = (
        f"{_smallest(facts)}, but {label} would search neighbours for about {format_seconds(needed - base)}: "
        "rows of smaller classes are repeated instead"
    )
    indexed = config.model_copy(update={"neighbor_search": "approximate"})
    sooner = estimate(facts, _following(indexed, choice)).seconds
    if STRATEGIES[choice.strategy].approximates and sooner - base <= LONGEST_SEARCH:
        reason += (
            f" ({label} with resampling.neighbor_search=approximate would take about {format_seconds(sooner)} in all)"
        )
    return replace(quick, reason=f"{reason}.")


def _within_limit(facts: TrainFacts, config: ResamplingConfig, choice: _Choice) -> _Choice:
    """Return the choice, or a lighter strategy if a memory limit is set and the choice exceeds it."""
    if not config.memory_limit:
        return choice
    limit = parse_size(config.memory_limit)
    needed = estimate(facts, _following(config, choice))
    lighter = ("random_over", "weights", "random_under")
    for name in lighter if needed.bytes > limit and choice.strategy != "none" else ():
        other = replace(choice, strategy=name, k_neighbors=config.k_neighbors)
        if estimate(facts, _following(config, other)).bytes <= limit:
            why = f"{STRATEGIES[choice.strategy].label} needs about {format_size(needed.bytes)}, more than memory_limit"
            return replace(other, reason=f"{_smallest(facts)}, but {why} = {config.memory_limit}.")
    return choice


def _alternatives(facts: TrainFacts, settings: ResamplingConfig) -> Iterator[Alternative]:
    """Yield all other strategies, with their costs and descriptions."""
    for name in STRATEGIES:
        if name not in ("auto", settings.strategy):
            other = with_strategy(settings, name)
            yield Alternative(name, estimate(facts, other), STRATEGIES[name].remark, obstacle(facts, other))
