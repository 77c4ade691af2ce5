"""What a breakage broke, and whether an alarm names it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

__all__ = ["Alarm", "Cause"]

_FEW = 3


@dataclass(frozen=True)
class Alarm:
    """Something that a reader is told: an expectation that does not hold, or an error.

    Attributes:
        kind: The expectation's name, or the error's reason code.
        columns: The columns it is about, the judged one first; none for the table as a whole.
        text: What it says was found.
        source: Who raised it: `contract`, `suite` and the like, or the error's stage.
    """

    kind: str
    columns: tuple[str, ...] = ()
    text: str = ""
    source: str = ""


@dataclass(frozen=True)
class Cause:
    """What an alarm must name.

    Attributes:
        columns: The broken columns: an alarm on one of them names the cause, or one on the table whose text singles
            them out.
        kinds: Expectations and reason codes that say it by themselves, such as the number of rows.
        at_least: So many of the columns must be named, where the fault lies in all of them.
    """

    columns: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    at_least: int = 1

    def is_named_by(self, alarms: Sequence[Alarm], names: Collection[str]) -> bool:
        """Return whether the alarms together name the cause.

        Args:
            alarms: What the reader is told.
            names: All columns of the good feed: a text that lists many of them singles out none.
        """
        if any(alarm.kind in self.kinds for alarm in alarms):
            return True
        singled_out = {name for alarm in alarms if not alarm.columns for name in self._read_in(alarm.text, names)}
        named = singled_out | (self.columns & _subjects(alarms))
        return bool(self.columns) and len(named) >= self.at_least

    def _read_in(self, text: str, names: Collection[str]) -> frozenset[str]:
        others = sum(_mentions(text, name) for name in set(names) - self.columns)
        return frozenset(name for name in self.columns if _mentions(text, name)) if others <= _FEW else frozenset()


def _subjects(alarms: Sequence[Alarm]) -> set[str]:
    """Return the columns that alarms are about: the first of each, and others that at least two have in common.

    One alarm on a feature within a class is about the feature; several with the same label are about the label.
    """
    places = {alarm.columns for alarm in alarms if alarm.columns}
    within = Counter(name for columns in places for name in columns[1:])
    return {columns[0] for columns in places} | {name for name, times in within.items() if times > 1}


def _mentions(text: str, name: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None
