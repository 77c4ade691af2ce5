"""Simple rules that may tell synthetic rows from real ones: how a number is written, one value, one interval."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pyarrow as pa

from counterpoise.resample import MOST_DECIMALS, decimals_of, float_bits, seconds_per_unit, units_of
from counterpoise.synthetic._column_shift import FeatureValues
from counterpoise.synthetic._rule_shares import Shares, shares_of, value_strata
from counterpoise.typing import Floats, Ints, Mask

_MOST_COLUMNS = 200
_PAIRED_COLUMNS = 30
_SPANS = (
    ("µs", 1e-6, 1_000), ("ms", 1e-3, 1_000), ("seconds", 1.0, 60), ("minutes", 60.0, 60), ("hour", 3_600.0, 24),
    ("day of the week", 86_400.0, 7),
)  # fmt: skip

RuleKind = Literal["format", "value", "interval", "equality", "copy"]


@dataclass(frozen=True)
class Rule:
    """A rule on one column, or on the equality of two.

    Attributes:
        kind: What the rule is about.
        column: The column.
        text: The condition in words.
        holds: For which rows it holds.
        strata: Rows that are compared with each other, because their values are about equal; None for all.
    """

    kind: RuleKind
    column: str
    text: str
    holds: Mask
    strata: Ints | None = None


@dataclass(frozen=True)
class RuleRows:
    """The rows that rules are tried on.

    Attributes:
        values: Their features.
        synthetic: Which of them are synthetic.
        chosen_on: Which of them may be used to choose a rule; the others measure it.
        kinds: The types of the numeric features, by name.
        levels: The levels of the other features, by name.
        repeated: Which of them equal another row.
    """

    values: FeatureValues
    synthetic: Mask
    chosen_on: Mask
    kinds: dict[str, pa.DataType]
    levels: dict[str, pa.Array]
    repeated: Mask

    def shares(self, rule: Rule, *, chosen_on: bool) -> Shares:
        """Return how often a rule holds, where rules are chosen or where they are measured."""
        half = self.chosen_on == chosen_on
        strata = None if rule.strata is None else rule.strata[half]
        return shares_of(rule.holds[half], self.synthetic[half], strata)

    def gain(self, rule: Rule) -> float:
        """Return how much more often a rule holds for synthetic rows than for real ones, where rules are chosen."""
        return self.shares(rule, chosen_on=True).difference


def best_rules(rows: RuleRows) -> list[Rule]:
    """Return the best rule of each kind for each column, chosen on one half of the rows."""
    found: list[Rule] = []
    for place, (column, kind) in enumerate(list(rows.kinds.items())[:_MOST_COLUMNS]):
        numbers = rows.values.numbers[:, place]
        strata = value_strata(numbers, ~rows.synthetic)
        written = (replace(rule, strata=strata) for rule in format_rules(column, numbers, kind))
        for rules in (written, _values_and_intervals(column, numbers, rows, kind)):
            found += _best_of_each_kind(rules, rows)
    for place, (column, levels) in enumerate(list(rows.levels.items())[:_MOST_COLUMNS]):
        found += _best_of_each_kind(_levels(column, rows.values.codes[:, place], levels, rows), rows)
    found += _best_of_each_kind(_equal_columns(rows), rows)
    found.append(Rule("copy", "all columns", "equal to another row", rows.repeated))
    return sorted(found, key=lambda rule: -abs(rows.gain(rule)))


def _best_of_each_kind(rules: Iterator[Rule], rows: RuleRows) -> list[Rule]:
    best: dict[str, tuple[float, Rule]] = {}
    for rule in rules:
        gain = abs(rows.gain(rule))
        if gain > best.get(rule.kind, (0.0, rule))[0]:
            best[rule.kind] = gain, rule
    return [rule for _, rule in best.values()]


def format_rules(column: str, numbers: Floats, kind: pa.DataType) -> Iterator[Rule]:
    """Yield rules on how the values of a column are written.

    Args:
        column: Its name.
        numbers: Its values, missing ones as NaN; times in the unit of their type.
        kind: Its type.
    """
    present = np.isfinite(numbers)
    marks = _of_times(numbers, kind) if pa.types.is_temporal(kind) else _of_numbers(numbers, kind)
    for text, holds in marks:
        yield Rule("format", column, text, holds & present)


def _of_times(numbers: Floats, kind: pa.DataType) -> Iterator[tuple[str, Mask]]:
    seconds = np.where(np.isfinite(numbers), numbers, 0.0).astype(np.int64)
    one = seconds_per_unit(kind)
    for name, span, number in _SPANS:
        if span < one:
            continue
        part = seconds // round(span / one) % number
        yield f"{name} other than 0" if number != 7 else "not on a Thursday", part != 0
        for value in np.unique(part) if number <= 60 else ():
            shown = f"{(int(value) + 3) % 7 + 1} of 7, Monday first" if number == 7 else str(value)
            yield f"{name} is {shown}", part == value


def _of_numbers(numbers: Floats, kind: pa.DataType) -> Iterator[tuple[str, Mask]]:
    filled = np.where(np.isfinite(numbers), numbers, 0.0)
    bits = float_bits(kind)
    decimals = decimals_of(filled, bits)
    for number in np.unique(decimals)[:-1]:
        yield f"more than {number} decimals", decimals > number
    whole = np.floor(np.log10(np.where(filled != 0, np.abs(filled), 1.0))) + 1
    digits = np.where(decimals <= MOST_DECIMALS, decimals + whole, MOST_DECIMALS + 2)
    for number in np.unique(digits)[:-1]:
        yield f"more than {number:.0f} significant digits", digits > number
    usual = min(int(np.quantile(decimals, 0.95)), MOST_DECIMALS)
    units = units_of(filled, 10**usual, bits).units
    yield from _of_units(units, usual)


def _of_units(units: Ints, decimals: int) -> Iterator[tuple[str, Mask]]:
    for power in range(8):
        for factor in (1, 2, 5, 25):
            step = factor * 10**power
            if step > 1:
                yield f"a multiple of {step / 10**decimals:g}", units % step == 0
    for number, shown in ((10, "last digit"), (100, "last two digits")):
        ends = np.abs(units) % number
        for value in np.unique(ends):
            yield f"{shown} {value:0{len(str(number)) - 1}d}", ends == value


def _values_and_intervals(column: str, numbers: Floats, rows: RuleRows, kind: pa.DataType) -> Iterator[Rule]:
    missing = np.isnan(numbers)
    yield Rule("value", column, "missing", missing)
    known = rows.chosen_on & ~missing
    made, real = numbers[known & rows.synthetic], numbers[known & ~rows.synthetic]
    if not len(made) or not len(real):
        return
    points = np.unique(np.concatenate([made, real]))
    shares = [np.searchsorted(np.sort(side), points, side="right") / len(side) for side in (made, real)]
    gains = np.diff(shares[0] - shares[1], prepend=0.0)
    value = points[int(np.argmax(np.abs(gains)))]
    yield Rule("value", column, f"equal to {_text(value, kind)}", numbers == value)
    climbs = shares[0] - shares[1]
    low, high = sorted((int(np.argmax(climbs)), int(np.argmin(climbs))))
    inside = (numbers > points[low]) & (numbers <= points[high])
    ends = [_text(points[place], kind) for place in (low, high)]
    yield Rule("interval", column, f"above {ends[0]} and at most {ends[1]}", inside)
    for place, end in zip((low, high), ends, strict=True):
        yield Rule("interval", column, f"at most {end}", numbers <= points[place])


def _text(value: float, kind: pa.DataType) -> str:
    """Return a value as a reader knows it: times as times."""
    if not pa.types.is_temporal(kind):
        return f"{value:g}"
    storage = pa.int32() if kind.bit_width == 32 else pa.int64()
    return str(pa.array([int(value)], storage).view(kind).cast(pa.string())[0].as_py())


def _levels(column: str, codes: Floats, levels: pa.Array, rows: RuleRows) -> Iterator[Rule]:
    whole = codes.astype(np.int64)
    shares = [
        np.bincount(whole[rows.chosen_on & (rows.synthetic == side)], minlength=len(levels)) for side in (True, False)
    ]
    gains = shares[0] / max(1, shares[0].sum()) - shares[1] / max(1, shares[1].sum())
    best = int(np.argmax(np.abs(gains)))
    shown = levels[best].as_py()
    yield Rule("value", column, "missing" if shown is None else f"equal to {str(shown)[:60]}", whole == best)


def _equal_columns(rows: RuleRows) -> Iterator[Rule]:
    names: Sequence[str] = list(rows.kinds)[:_PAIRED_COLUMNS]
    for place, name in enumerate(names):
        for other in range(place + 1, len(names)):
            if rows.kinds[name] == rows.kinds[names[other]]:
                same = rows.values.numbers[:, place] == rows.values.numbers[:, other]
                yield Rule("equality", name, f"equal to the column {names[other][:60]}", same)
