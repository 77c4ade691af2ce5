"""What the difference of two decision curves comes to, in a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from counterpoise.evaluate._decision_curves.formulas import PER
from counterpoise.results import strategy_label
from counterpoise.text import threshold

MATTERS = 0.01
"""Differences of the net benefit below this share of the prevalence are not worth a word."""


def band_text(
    band: Mapping[str, Sequence[Any]], differences: Sequence[float], thresholds: Sequence[float], *,
    prevalence: float, strategy: str,
) -> str:  # fmt: skip
    """Return where the net benefit is higher or lower than the reference's beyond the band, in a sentence.

    Args:
        band: The band's `low` and `high` by threshold; None where it is unknown.
        differences: The difference of the net benefit by threshold.
        thresholds: The thresholds.
        prevalence: The share of positives.
        strategy: The strategy; with none the reference is the better of calling every row and calling none.
    """
    least = MATTERS * PER * prevalence
    higher = [low is not None and low > 0 and by >= least for low, by in zip(band["low"], differences, strict=True)]
    lower = [high is not None and high < 0 and by <= -least for high, by in zip(band["high"], differences, strict=True)]
    better, worse = (list(_ranges(holds, thresholds)) for holds in (higher, lower))
    name = f"with {strategy_label(strategy)}" if strategy != "none" else "of these probabilities"
    other = "without" if strategy != "none" else "of calling every row or none"
    beyond = "by more than 1 % of the prevalence and beyond the 95 % band of the whole curve"
    if not better and not worse:
        ends = f"{threshold(thresholds[0])} to {threshold(thresholds[-1])}"
        return f"At no threshold from {ends} does the net benefit {name} differ from that {other} {beyond}."
    said = [f"higher than that {other} {_listed(better)}"] if better else []
    said += [f"lower {'' if better else f'than that {other} '}{_listed(worse)}"] if worse else []
    return f"The net benefit {name} is {', and '.join(said)}, {beyond}."


def _ranges(holds: Sequence[bool], thresholds: Sequence[float]) -> Iterator[tuple[float, float]]:
    """Yield the first and the last threshold of each run where something holds."""
    start: int | None = None
    for place, here in enumerate([*holds, False]):
        if here and start is None:
            start = place
        elif not here and start is not None:
            yield thresholds[start], thresholds[place - 1]
            start = None


def _listed(ranges: Sequence[tuple[float, float]]) -> str:
    return ", ".join(
        f"at a threshold of {threshold(low)}"
        if low == high
        else f"from a threshold of {threshold(low)} to {threshold(high)}"
        for low, high in ranges
    )
