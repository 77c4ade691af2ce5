"""Sentences about columns that stay text although they look like values."""

from __future__ import annotations

from collections.abc import Sequence

from counterpoise.ingest._notations.numbers import NUMBERS, grouping_mark
from counterpoise.ingest._notations.registry import notation_named
from counterpoise.ingest._notations.survey import Survey
from counterpoise.records import UnreadColumn


def unread_column(name: str, survey: Survey) -> UnreadColumn:
    """Return the record of a column that stays text, with a sentence that says how to have it read."""
    count = f"{survey.alike:,} of {survey.present:,} values look like {survey.family.label}"
    texts = f"{name}=text if these are texts"
    if not survey.notations:
        odd = f", {survey.odd[:60]!r} does not fit" if survey.odd else ""
        doubt = f"no single notation reads all{odd}"
        remedy = f"write all alike, or declare what means missing, or source.notations: {texts}"
    else:
        several = len(survey.notations) > 1
        labels = " or ".join(notation.label for notation in survey.notations)
        doubt = labels if several else "; ".join(filter(None, (survey.evidence, survey.doubt)))
        declared = " or ".join(f"{name}={notation.name}" for notation in survey.notations)
        remedy = f"declare source.notations: {declared}, or {texts}"
    return UnreadColumn(
        name=name,
        values=survey.family.label,
        present=survey.present,
        alike=survey.alike,
        notations=tuple(notation.name for notation in survey.notations),
        reason=survey.evidence or f"all {survey.present:,} values",
        certain=survey.certain,
        as_good_as_text=survey.family.as_good_as_text,
        note=f"column {name!r} is kept as text: {count}{f' ({doubt})' if doubt else ''}; {remedy}",
    )


def points_for_thousands(name: str, texts: Sequence[str]) -> UnreadColumn | None:
    """Return the record of a column that is read with a decimal point, if its points may separate thousands.

    It has a reason if the column itself speaks for that.
    """
    sample = [text.strip() for text in texts if text.strip()]
    if grouping_mark(sample) != ".":
        return None
    point, comma = (notation_named(each, column=name) for each in ("1234.56", "1.234,56"))
    settled = NUMBERS.settle(sample, [point, comma])
    reason = settled[1] if settled else ""
    why = reason or "all have three digits after it, and the source has a decimal comma"
    return UnreadColumn(
        name=name,
        values=NUMBERS.label,
        present=len(sample),
        alike=len(sample),
        notations=(comma.name, point.name),
        reason=reason,
        note=f"column {name!r} is read with a decimal point, but {why}: declare source.notations: "
        f"{name}={comma.name} if points separate thousands, or {name}={point.name}",
    )
