"""The rows of each partition."""

from __future__ import annotations

from collections.abc import Iterator

from counterpoise.records import PARTITIONS, ExpectationOutcome
from counterpoise.report._data import ReportData
from counterpoise.report._markdown import table
from counterpoise.report._section import Section
from counterpoise.text import count, markdown_cell, share

_MOST_CLASSES = 20


def _on_partitions(data: ReportData) -> list[ExpectationOutcome]:
    return [outcome for outcome in data.validation.outcomes if outcome.source == "partitions"]


def _brief(data: ReportData) -> Iterator[str]:
    published = {name: data.persist.partitions[name] for name in PARTITIONS if name in data.persist.partitions}
    classes = sorted(data.source.classes, key=lambda name: (-data.source.classes[name], name))[:_MOST_CLASSES]
    rows = [
        [markdown_cell(name), count(data.resampling.before.get(name, 0))]
        + [_with_share(part.classes.get(name, 0), part.rows) for part in published.values()]
        for name in classes
    ]
    yield table(["class", "train before", *published], rows)


def _with_share(rows: int, total: int) -> str:
    return f"{count(rows)} ({share(rows / total if total else 0)})"


SPLIT = Section("split", "Split", "split.html.j2", _on_partitions, brief=_brief)
