"""Whether synthetic rows can be told from real ones, in words."""

from __future__ import annotations

from dataclasses import dataclass

from counterpoise.results import SyntheticQuality, SyntheticReview, Telling, TellingRule, ToldApart
from counterpoise.text import count, number, share, shown


@dataclass(frozen=True)
class RuleRow:
    """A rule in the table: its class and its record."""

    name: str
    record: TellingRule


def rule_rows(quality: SyntheticQuality) -> tuple[RuleRow, ...]:
    """Return the rules of all classes, best first."""
    rows = [RuleRow(one.name, rule) for one in quality.told_apart for rule in one.rules]
    return tuple(sorted(rows, key=lambda row: -row.record.auc))


def telling_warning(review: SyntheticReview | None) -> str:
    """Return a warning if a simple rule tells synthetic rows from real ones; an empty text if none does."""
    told = [row for row in rule_rows(review.quality) if row.record.tells] if review else []
    if not told:
        return ""
    rule = told[0].record
    more = f" ({count(len(told))} rules do)" if len(told) > 1 else ""
    return (
        f"A simple rule tells synthetic rows from real ones{more}: {shown(rule.column, 60)} {shown(rule.text, 120)} "
        f"holds for {share(rule.synthetic)} of synthetic and {share(rule.real)} of real rows of class "
        f"{shown(told[0].name, 40)}. A learner can use it on train, and not on new rows."
    )


def told_in_words(found: ToldApart) -> str:
    """Return what classifier and rules found about one class, in a sentence."""
    if found.classifier is None:
        return (
            f"Class {shown(found.name, 40)} has too few rows for the test: {count(found.real_rows)} real and "
            f"{count(found.synthetic_rows)} synthetic ones take part."
        )
    rule = f"; the best rule on how values are written, {auc(found.format)}" if found.format else ""
    return (
        f"Of the rows of class {shown(found.name, 40)}, gradient boosting tells synthetic from real ones with an AUC "
        f"of {auc(found.classifier)}{rule}."
    )


def auc(found: Telling) -> str:
    """Return an AUC with its interval."""
    return f"{number(found.auc)} ({number(found.low)} to {number(found.high)})"
