"""The candidates of a comparison."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

from counterpoise.config import (
    ALL,
    DEFAULT_LEARNERS,
    DEFAULT_STRATEGIES,
    EVERY_STRATEGY,
    OWN_LEARNERS,
    ComparisonConfig,
    parse_strategy,
)
from counterpoise.results import DUMMY, Candidate


def list_candidates(config: ComparisonConfig) -> tuple[Candidate, ...]:
    """Return the candidates: the dummy, every strategy with every learner, and strategies that bring their own learner.

    All strategies come with the first learner, then with the next, so later learners find each strategy's plan ready.
    `none` always takes part; `all` expands to every strategy.

    >>> [candidate.learner for candidate in list_candidates(ComparisonConfig(strategies=["none"]))][:2]
    ['dummy', 'logistic_regression']
    """
    return tuple(dict.fromkeys(_all_candidates(config)))


def _all_candidates(config: ComparisonConfig) -> Iterator[Candidate]:
    strategies = dict.fromkeys(("none", *filter(None, [config.strategy]), *_requested(config)))
    own = [name for name in strategies if parse_strategy(name)[0].name in OWN_LEARNERS]
    learners = config.learners or (*DEFAULT_LEARNERS, *(["lightgbm"] if find_spec("lightgbm") else []))
    yield Candidate(strategy="none", learner=DUMMY)
    for learner in learners:
        yield from (Candidate(strategy=name, learner=learner) for name in strategies if name not in own)
    yield from (Candidate(strategy=name, learner=name.strip()) for name in own)


def _requested(config: ComparisonConfig) -> Iterator[str]:
    for name in config.strategies or DEFAULT_STRATEGIES:
        yield from EVERY_STRATEGY if name.strip() == ALL else (name,)
