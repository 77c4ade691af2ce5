"""The classes of train before and after resampling."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from counterpoise.records import ClassCounts
from counterpoise.report._data import ReportData
from counterpoise.report._drawing.images import markdown_image
from counterpoise.report._section import Section

_MOST_IN_BRIEF = 12


@dataclass(frozen=True)
class ClassBar:
    """A class before and after resampling: rows, shares, and bar lengths in percent of the longest bar."""

    name: str
    before: int
    after: int
    before_share: float
    after_share: float
    before_bar: float
    after_bar: float


def class_bars(before: ClassCounts, after: ClassCounts) -> list[ClassBar]:
    """Return the classes with their rows before and after resampling, largest first."""
    totals = max(1, sum(before.values())), max(1, sum(after.values()))
    longest = max([1, *before.values(), *after.values()])
    names = sorted({*before, *after}, key=lambda name: (-before.get(name, 0), name))
    return [
        ClassBar(
            name=name,
            before=before.get(name, 0),
            after=after.get(name, 0),
            before_share=before.get(name, 0) / totals[0],
            after_share=after.get(name, 0) / totals[1],
            before_bar=round(100 * before.get(name, 0) / longest, 2),
            after_bar=round(100 * after.get(name, 0) / longest, 2),
        )
        for name in names
    ]


def _view(data: ReportData) -> list[ClassBar]:
    return class_bars(data.resampling.before, data.resampling.after)


def _brief(data: ReportData) -> Iterator[str]:
    yield markdown_image("Class distribution of train", "image_classes.svg.j2", bars=_view(data)[:_MOST_IN_BRIEF])


RESAMPLING = Section("resampling", "Resampling", "resampling.html.j2", _view, brief=_brief)
