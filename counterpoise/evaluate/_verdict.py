"""The verdict: one sentence that says, with its numbers, whether resampling helped, or that the data cannot tell."""

from __future__ import annotations

from typing import Any

from counterpoise.metrics import HEADLINE
from counterpoise.results import learner_label, strategy_label
from counterpoise.text import number, signed

FLOOR = 30
"""The rows of the smallest class in test that a verdict needs: with fewer, the margin of a recall of one half alone is
at least ±18 points."""


def strategy_verdict(
    comparison: dict[str, Any], *, strategy: str, rows: int, counted: str, equivalence: float = 0.0
) -> dict[str, Any]:
    """Return the verdict of a paired comparison, on the mean effect of its draws if there are several.

    Args:
        comparison: One record of the metrics record's `comparisons`, without its verdict.
        strategy: The strategy that was compared with none.
        rows: Test rows of the positive class, or of the smallest class.
        counted: The name of these rows, such as "positives".
        equivalence: The difference that does not matter.

    Returns:
        `learner`; `outcome`: helped, hurt, no_difference or undecided; `text`.
    """
    change = verdict_change(comparison)
    name, learner = strategy_label(strategy), learner_label(comparison["learner"])
    outcome = _outcome(change, rows, equivalence)
    numbers = f"{_numbers(change)}{_range(comparison, change)}"
    if outcome == "undecided":
        text = f"{_why_undecided(rows, counted)} to tell whether {name} helps {learner}{numbers}."
    else:
        capital = name[:1].upper() + name[1:]
        text = f"{capital} {_said(outcome, change, equivalence)} {learner}{numbers}, {rows:,} {counted}."
    return {"learner": comparison["learner"], "outcome": outcome, "text": text}


def verdict_change(comparison: dict[str, Any]) -> dict[str, Any]:
    """Return the difference that a verdict is about: the mean over draws, or that of the only one."""
    effects = (comparison.get("draws") or {}).get("effects") or {}
    found: dict[str, Any] = effects.get(HEADLINE.name) or comparison["differences"][HEADLINE.name]
    return found


def repeated(draws: dict[str, Any]) -> str:
    """Return what was repeated, in words.

    >>> repeated({"number": 5, "sampler": True, "learner": False})
    '5 draws of its rows'
    """
    what = {(True, True): "draws of its rows, each with a fit of its own", (True, False): "draws of its rows"}
    return f"{draws['number']} {what.get((draws['sampler'], draws['learner']), 'fits with other seeds')}"


def rival_verdict(comparison: dict[str, Any], *, names: tuple[str, str], rows: int, counted: str) -> dict[str, Any]:
    """Return the verdict of a paired comparison of two learners that differ in more than their train rows.

    Args:
        comparison: As in `strategy_verdict`.
        names: The names of the two in a sentence.
        rows: Test rows of the positive class, or of the smallest class.
        counted: The name of these rows, such as "positives".

    Returns:
        `outcome`: helped, hurt, no_difference or undecided; `text`.
    """
    first, other = names
    change = verdict_change(comparison)
    outcome, numbers = _outcome(change, rows), f"{_numbers(change)}{_range(comparison, change)}"
    if outcome == "undecided":
        text = f"{_why_undecided(rows, counted)} to tell whether {first} beats {other}{numbers}."
    else:
        said = {"helped": "ranks better than", "hurt": "ranks worse than", "no_difference": "does not measurably beat"}
        text = f"{first[:1].upper()}{first[1:]} {said[outcome]} {other}{numbers}, {rows:,} {counted}."
    return {"outcome": outcome, "text": text}


def baseline_verdict(arm: dict[str, Any], *, prevalence: float | None, rows: int, counted: str) -> dict[str, Any]:
    """Return the verdict without resampling."""
    interval = arm["intervals"].get(HEADLINE.name)
    known = f" (95 % CI {number(interval['low'])} to {number(interval['high'])})" if interval else ""
    reached = number(arm["test"][HEADLINE.name])
    text = (
        f"Nothing was resampled: {learner_label(arm['learner'])} reaches an average precision of {reached}{known} "
        f"where chance gives {number(prevalence)}, {rows:,} {counted}."
    )
    return {"learner": arm["learner"], "outcome": "baseline", "text": text}


def _outcome(change: dict[str, Any], rows: int, equivalence: float = 0.0) -> str:
    if rows < FLOOR or change["low"] is None:
        return "undecided"
    if _within(change, equivalence):
        return "no_difference"
    if change["low"] > 0:
        return "helped"
    return "hurt" if change["high"] < 0 else "no_difference"


def _within(change: dict[str, Any], equivalence: float) -> bool:
    """Return whether the whole interval is a difference that does not matter."""
    return equivalence > 0 and -equivalence <= change["low"] and change["high"] <= equivalence


def _range(comparison: dict[str, Any], change: dict[str, Any]) -> str:
    """Return over what a mean was taken, and its range."""
    draws = comparison.get("draws")
    if not draws or draws["number"] == 1 or change["difference"] is None:
        return ""
    values = [value for value in change["values"] if value is not None]
    digits = 3 if max(values) - min(values) >= 0.001 else 4
    return f", mean over {repeated(draws)} ({signed(min(values), digits)} to {signed(max(values), digits)})"


def _said(outcome: str, change: dict[str, Any], equivalence: float = 0.0) -> str:
    if outcome == "no_difference" and _within(change, equivalence):
        return f"makes no difference beyond ±{equivalence:g} to"
    if outcome == "no_difference":
        return "did not help" if change["difference"] <= 0 else "did not measurably help"
    return outcome


def _why_undecided(rows: int, counted: str) -> str:
    if rows < FLOOR:
        return f"Too few {counted} ({rows:,} in test, a verdict needs {FLOOR})"
    return "Too little was measured (no bootstrap intervals)"


def _numbers(change: dict[str, Any]) -> str:
    if change["difference"] is None:
        return ""
    bounds = [bound for bound in (change["low"], change["high"]) if bound is not None]
    digits = 3 if all(abs(bound) >= 0.0005 for bound in bounds) else 4
    text = f": ΔAP {signed(change['difference'], digits)}"
    if not bounds:
        return text
    low, high = (number(bound, digits) for bound in bounds)
    return f"{text}, 95 % CI {low} to {high}, paired bootstrap"
