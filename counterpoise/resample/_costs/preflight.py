"""Estimate the costs of resampling before any feature is read, and refuse what needs too much memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from counterpoise.config import ResamplingConfig
from counterpoise.errors import ResamplingError
from counterpoise.resample._costs.costs import Costs, Term
from counterpoise.resample._costs.train_facts import TrainFacts, read_facts
from counterpoise.resample._job import ResamplingJob
from counterpoise.runtime import format_size, free_memory, parse_size
from counterpoise.strategies import STRATEGIES, Smote

_NOTEWORTHY_BYTES = 2**30
_NOTEWORTHY_SECONDS = 60
_SHOWN = 6


@dataclass(frozen=True)
class Estimate:
    """The estimated costs of a strategy on a table: peak memory beyond the process's own, and time.

    Attributes:
        bytes: Peak memory of planning and writing, on the high side.
        seconds: Time of planning and writing, rough.
        reasons: The largest parts of the peak memory, largest first.
    """

    bytes: int
    seconds: float
    reasons: tuple[str, ...] = ()

    @property
    def noteworthy(self) -> bool:
        """Whether it is worth reporting: more than a minute or a GiB."""
        return self.seconds > _NOTEWORTHY_SECONDS or self.bytes > _NOTEWORTHY_BYTES

    def __str__(self) -> str:
        """Return memory and time in words.

        >>> str(Estimate(bytes=3 * 2**30, seconds=7000))
        'about 3.0 GiB of memory and 2 h'
        """
        return f"about {format_size(self.bytes)} of memory and {format_seconds(self.seconds)}"


def format_seconds(seconds: float) -> str:
    """Return a rough time in words.

    >>> [format_seconds(each) for each in (0.3, 42, 400, 10_000, 400_000)]
    ['10 s', '1 min', '7 min', '3 h', '5 days']
    """
    for unit, length, upto in (("s", 1, 40), ("min", 60, 90 * 60), ("h", 3600, 48 * 3600)):
        if seconds < upto:
            number = max(1, round(seconds / length))
            return f"{-(-number // 10) * 10 if unit == 's' else number} {unit}"
    return f"{round(seconds / 86_400):,} days"


def estimate(facts: TrainFacts, config: ResamplingConfig) -> Estimate:
    """Estimate the costs of planning and writing a strategy.

    Args:
        facts: The facts of the train rows, including category levels if the strategy reads all rows.
        config: The strategy, ratio and options.

    Raises:
        ResamplingError: A ratio is given for an unknown class.
    """
    costs = Costs(facts, config)
    peaks = [_peak(*costs.planning()), _peak(*costs.writing())]
    terms = max(peaks, key=_total)
    largest = sorted(terms, key=lambda term: -term.bytes)
    reasons = tuple(f"{term.label}: {format_size(term.bytes)}" for term in largest if term.bytes >= 0.1 * _total(terms))
    return Estimate(int(_total(terms)), costs.seconds(), reasons)


def _peak(held: Sequence[Term], phases: Sequence[Term]) -> list[Term]:
    return [*held, *([max(phases, key=lambda term: term.bytes)] if phases else [])]


def _total(terms: Sequence[Term]) -> float:
    return sum(term.bytes for term in terms)


def with_strategy(config: ResamplingConfig, name: str) -> ResamplingConfig:
    """Return the configuration with another strategy; options are dropped, because they belong to the old strategy."""
    options = config.options if name == config.strategy else "{}"
    return config.model_copy(update={"strategy": name, "options": options})


def obstacle(facts: TrainFacts, config: ResamplingConfig) -> str:
    """Return why a strategy cannot run on these rows, judged by counts and types; empty if it can.

    Args:
        facts: The facts of the train rows.
        config: The strategy and its options.
    """
    strategy = STRATEGIES[config.strategy]
    if strategy.sees == "labels":
        return ""
    if facts.nested:
        return f"{facts.nested[0]!r} is nested: it has no distances"
    kind = Costs(facts, config).smote_kind
    if isinstance(strategy, Smote) and strategy.suits not in (None, kind):
        return f"needs {strategy.needs_in_short}"
    least = min(facts.classes.values())
    if strategy.searches and least <= config.k_neighbors and config.too_few_neighbors == "stop":
        return _fewest_growing(facts, config)
    return ""


def _fewest_growing(facts: TrainFacts, config: ResamplingConfig) -> str:
    """Describe the smallest growing class with no more rows than the configured neighbours, or return an empty text."""
    growing = {name: facts.classes[name] for name in Costs(facts, config).growing}
    few = {name: rows for name, rows in growing.items() if rows <= config.k_neighbors}
    if not few:
        return ""
    name = min(few, key=lambda one: few[one])
    return f"only {few[name]} {'row' if few[name] == 1 else 'rows'} of {name!r}"


def memory_limit(config: ResamplingConfig) -> int | None:
    """Return the bytes that resampling may use: the configured limit, or the free memory of the machine."""
    return parse_size(config.memory_limit) if config.memory_limit else free_memory()


def check_memory(job: ResamplingJob, *, shared_by: int = 1) -> Estimate:
    """Estimate a job before it reads a feature, and refuse it if it needs more memory than allowed.

    Args:
        job: The input of resampling.
        shared_by: How many jobs run in parallel: each may use its share of the machine's free memory. A configured
            limit applies to each of them.

    Raises:
        ResamplingError: It would need more than `resampling.memory_limit`, or than the machine has free.
    """
    config = job.config
    counted = Costs(read_facts(job, count_levels=False), config).counts_levels
    facts = read_facts(job, count_levels=counted)
    needed, limit = estimate(facts, config), memory_limit(config)
    limit = limit if limit is None or config.memory_limit else limit // shared_by
    if limit is not None and needed.bytes > limit:
        raise _too_much(facts if counted else read_facts(job), config, needed, limit)
    return needed


def _too_much(facts: TrainFacts, config: ResamplingConfig, needed: Estimate, limit: int) -> ResamplingError:
    fitting = dict(_that_fit(facts, config, limit))
    rows = _rows_that_fit(facts, config, limit)
    shown = ", ".join(f"{name} ({format_size(one.bytes)})" for name, one in list(fitting.items())[:_SHOWN])
    instead = f"choose a strategy that fits: {shown}" if fitting else "no strategy fits"
    fewer = f"use about {rows:,} of the {facts.rows:,} train rows" if rows else "use far fewer rows or columns"
    source = "resampling.memory_limit" if config.memory_limit else "the machine's free memory"
    return ResamplingError(
        "memory_limit",
        expected=f"at most {format_size(limit)} of memory ({source})",
        found=f"{STRATEGIES[config.strategy].label} needs {needed}: {'; '.join(needed.reasons[:3])}",
        remedy=f"{instead}; or {fewer}, or raise resampling.memory_limit on a machine that has more",
        values={
            "bytes": needed.bytes,
            "limit": limit,
            "seconds": round(needed.seconds),
            "strategies": list(fitting),
            "rows": rows,
        },
    )


def _that_fit(facts: TrainFacts, config: ResamplingConfig, limit: int) -> Iterator[tuple[str, Estimate]]:
    """Yield other strategies that fit and can run, those of the same family first, then by time."""
    family = STRATEGIES[config.strategy].family
    found: Mapping[str, Estimate] = {
        name: estimate(facts, other)
        for name in STRATEGIES
        if name not in ("auto", "none", config.strategy) and not obstacle(facts, other := with_strategy(config, name))
    }
    fitting = {name: one for name, one in found.items() if one.bytes <= limit}
    yield from sorted(
        fitting.items(), key=lambda item: (STRATEGIES[item[0]].family != family, item[1].seconds, item[0])
    )


def _rows_that_fit(facts: TrainFacts, config: ResamplingConfig, limit: int) -> int:
    """Return about how many train rows, with the same classes, types and levels, the strategy could handle."""
    low, high = 0.0, 1.0
    for _ in range(20):
        middle = (low + high) / 2
        fits = estimate(facts.scaled(middle), config).bytes <= limit
        low, high = (middle, high) if fits else (low, middle)
    rows = int(facts.rows * low)
    digits = max(0, len(str(rows)) - 2)
    return int(rows - rows % 10**digits)
