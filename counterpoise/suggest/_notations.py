"""Propose notations for columns of texts that look like numbers, dates, times or truth values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from counterpoise.config import SourceConfig
from counterpoise.records import UnreadColumn

_SHOWN = 12


def with_notations(source: SourceConfig, unread: Sequence[UnreadColumn]) -> tuple[SourceConfig, dict[str, str]]:
    """Return a source with the notations that are beyond doubt, and comments on these and on the others.

    Args:
        source: The settings that the source was read with.
        unread: The columns that look like values.
    """
    certain = {each.name: each for each in unread if each.certain}
    comments = {}
    if doubtful := [each.note for each in unread if each.name not in certain and not each.as_good_as_text]:
        comments["source"] = f"Please decide: {_listed(doubtful)}."
    if not certain:
        return source, comments
    found = [f"{each.name!r} ({each.reason})" for each in certain.values()]
    comments["source.notations"] = f"All values can be read like this: {_listed(found)}."
    declared = [f"{name}={each.notations[0]}" for name, each in certain.items()]
    return SourceConfig(**{**dict(source), "notations": (*source.notations, *declared)}), comments


def _listed(texts: Sequence[str]) -> str:
    more = [f"and {len(texts) - _SHOWN} more"] if len(texts) > _SHOWN else []
    return "; ".join([*texts[:_SHOWN], *more])


def joined(earlier: dict[str, str], later: dict[str, str], fields: Iterable[str]) -> dict[str, str]:
    """Return later comments, with earlier ones before them for some fields that were decided in several steps."""
    both = {field: " ".join(filter(None, (earlier.get(field, ""), later.get(field, "")))) for field in fields}
    return {**later, **{field: text for field, text in both.items() if text}}
