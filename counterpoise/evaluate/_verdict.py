"""The verdict: one sentence that says, with its numbers, whether resampling helped, or that the data cannot tell."""

from __future__ import annotations

from typing import Any

from counterpoise.metrics import HEADLINE
from counterpoise.results import learner_label, strategy_label
from counterpoise.text import number, signed

FLOOR = 30
"""The rows of the smallest class in test that a verdict needs: with fewer, the margin of a recall of one half alone is
at least ±18 points."""


def strategy_verdict(comparison: dict[str, Any], *, strategy: str, rows: int, counted: str) -> dict[str, Any]:
    """Return the verdict of a paired comparison.

    Args:
        comparison: One record of the metrics record's `comparisons`, without its verdict.
        strategy: The strategy that was compared with none.
        rows: Test rows of the positive class, or of the smallest class.
        counted: The name of these rows, such as "positives".

    Returns:
        `learner`; `outcome`: helped, hurt, no_difference or undecided; `text`.
    """
    change = comparison["differences"][HEADLINE.name]
    name, learner = strategy_label(strategy), learner_label(comparison["learner"])
    outcome = _outcome(change, rows)
    if outcome == "undecided":
        text = f"{_why_undecided(rows, counted)} to tell whether {name} helps {learner}{_numbers(change)}."
    else:
        capital = name[:1].upper() + name[1:]
        text = f"{capital} {_said(outcome, change)} {learner}{_numbers(change)}, {rows:,} {counted}."
    return {"learner": comparison["learner"], "outcome": outcome, "text": text}


def rival_verdict(change: dict[str, Any], *, names: tuple[str, str], rows: int, counted: str) -> dict[str, Any]:
    """Return the verdict of a paired comparison of two learners that differ in more than their train rows.

    Args:
        change: The `difference` of average precision with its interval, `low` to `high`.
        names: The names of the two in a sentence.
        rows: Test rows of the positive class, or of the smallest class.
        counted: The name of these rows, such as "positives".

    Returns:
        `outcome`: helped, hurt, no_difference or undecided; `text`.
    """
    first, other = names
    outcome = _outcome(change, rows)
    if outcome == "undecided":
        text = f"{_why_undecided(rows, counted)} to tell whether {first} beats {other}{_numbers(change)}."
    else:
        said = {"helped": "ranks better than", "hurt": "ranks worse than", "no_difference": "does not measurably beat"}
        text = f"{first[:1].upper()}{first[1:]} {said[outcome]} {other}{_numbers(change)}, {rows:,} {counted}."
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


def _outcome(change: dict[str, Any], rows: int) -> str:
    if rows < FLOOR or change["low"] is None:
        return "undecided"
    if change["low"] > 0:
        return "helped"
    return "hurt" if change["high"] < 0 else "no_difference"


def _said(outcome: str, change: dict[str, Any]) -> str:
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
