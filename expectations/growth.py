"""Expectations on a growing source: on the rows added to it and on its earlier rows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from counterpoise.drift import FEWEST_ROWS, AddedRows, Growth, Repeats
from counterpoise.validate import Severity

Expectation = dict[str, Any]

_MEASURE = "expect_table_growth_measure_to_be_between"
_FEW_NEW = {"warning": 0.9, "critical": 0.6}
_SMALLEST = {"warning": 0.75, "critical": 0.6}
_LARGEST = {"warning": 1.33, "critical": 1.9}
_ENOUGH_EXPECTED = 20
_ERRORS = 4
"""The number of standard errors allowed for chance."""
_A_WEEK = 7
"""The number of files from which the usual variation of their sizes is known."""
_SIZES = 60
_SHOWN = 5
_ACCEPT = "if it is intended, accept it for this run with --set validation.drift=report"


def all_new(growth: Growth) -> bool:
    """Return whether, as far as known, the added rows do not merely repeat the earlier ones."""
    return growth.repeats is None or _share_new(growth.repeats) >= _FEW_NEW["critical"]


def growth_expectations(growth: Growth, rows: int, *, stop: bool, may_go: bool) -> Iterator[Expectation]:
    """Yield a summary of the growth and the expectations on it.

    The source must keep its earlier rows, and the added rows must be new and of the usual number.

    Args:
        growth: The growth of the source.
        rows: The current number of rows.
        stop: Whether changes that probably mean a broken feed are critical.
        may_go: Whether earlier files may be removed or changed.
    """
    yield _growth_summary(growth, rows)
    levels: list[Severity] = ["warning", "critical"] if stop else ["warning"]
    if growth.changes:
        yield _earlier(growth, severity="critical" if stop and not may_go else "warning")
    for severity in levels:
        if growth.repeats and not growth.added:
            yield _new(growth.repeats, "the added rows", severity)
        for added in growth.added:
            if added.repeats:
                yield _new(added.repeats, added.name, severity)
            if severity == "warning" or len(growth.earlier_sizes) >= _A_WEEK:
                yield from _sizes(added, growth.earlier_sizes[-_SIZES:], severity)
    yield from _copies(growth, severity=levels[-1])


def _growth_summary(growth: Growth, rows: int) -> Expectation:
    known = {"files": "files", "rows": "content", "identifiers": "identifiers"}[growth.by]
    places = ", ".join(f"{one.name} ({one.rows:,} rows)" for one in growth.added[:_SHOWN])
    more = f" and {len(growth.added) - _SHOWN} more" if len(growth.added) > _SHOWN else ""
    added = f"added: {places}{more}" if places else "the added rows are scattered and not checked separately"
    kept = f"it still has {growth.earlier - growth.lost:,} of {growth.earlier:,} earlier rows"
    summary = f"a growing source, recognised by its {known}: {kept}, {rows:,} in all; {added}"
    return _measured("rows added", rows - growth.earlier + growth.lost, summary, severity="info")


def _earlier(growth: Growth, *, severity: Severity) -> Expectation:
    more = f"; and {len(growth.changes) - _SHOWN} more" if len(growth.changes) > _SHOWN else ""
    return _measured(
        "earlier rows lost",
        max(1, growth.lost),
        f"{'; '.join(growth.changes[:_SHOWN])}{more}",
        severity=severity,
        most=0,
        meta=_refusal(
            "earlier_rows_changed",
            f"restore the earlier files; {_ACCEPT}; if files normally disappear, set validation.earlier_rows to may_go",
        ),
    )


def _share_new(repeats: Repeats) -> float:
    """Return the number of new rows relative to the expected number, with a margin if rows repeat naturally."""
    expected = repeats.expected
    if expected < _ENOUGH_EXPECTED:
        return 1.0
    chance = math.sqrt(2 * expected * max(0.0, 1 - expected / repeats.rows))
    return (repeats.new + _ERRORS * chance) / expected


def _new(repeats: Repeats, name: str, severity: Severity) -> Expectation:
    seen = 1 - repeats.new / repeats.rows
    return _measured(
        "new among the added",
        _share_new(repeats),
        f"{seen:.0%} of {name} were there before or repeat each other"
        + (f", {max(0.0, 1 - repeats.expected / repeats.rows):.0%} are expected" if repeats.expected else ""),
        severity=severity,
        least=_FEW_NEW[severity],
        meta=_refusal("rows_repeated", f"remove the rows that were delivered twice; {_ACCEPT}"),
    )


def _copies(growth: Growth, *, severity: Severity) -> Iterator[Expectation]:
    for added in growth.added:
        for name, owner in added.copies.items():
            if added.sizes[name] >= FEWEST_ROWS:
                yield _measured(
                    "new among the added",
                    0,
                    f"{name} is a copy of {owner}: {added.sizes[name]:,} rows twice",
                    severity=severity,
                    least=1,
                    meta=_refusal("rows_repeated", f"remove {name}; {_ACCEPT}"),
                )


def _sizes(added: AddedRows, earlier: tuple[int, ...], severity: Severity) -> Iterator[Expectation]:
    """Yield the expectations that the smallest and the largest new file are about as large as earlier ones."""
    if not earlier or not added.sizes:
        return
    low, high = min(earlier), max(earlier)
    fewest = math.floor(min(low * _SMALLEST[severity], low - _ERRORS * math.sqrt(2 * low)))
    most = math.ceil(max(high * _LARGEST[severity], high + _ERRORS * math.sqrt(2 * high)))
    for name in dict.fromkeys(pick(added.sizes, key=added.sizes.__getitem__) for pick in (min, max)):
        yield _measured(
            "rows added",
            added.sizes[name],
            f"{name} has {added.sizes[name]:,} rows, earlier files {low:,} to {high:,}",
            severity=severity,
            least=max(0, fewest),
            most=most,
            meta=_refusal("row_count_changed", f"fix the file; {_ACCEPT}"),
        )


def _refusal(reason: str, remedy: str) -> dict[str, str]:
    return {"reason": reason, "remedy": remedy}


def _measured(
    measure: str,
    value: float,
    summary: str,
    *,
    severity: Severity,
    least: float | None = None,
    most: float | None = None,
    meta: dict[str, str] | None = None,
) -> Expectation:
    bounds = {name: bound for name, bound in (("min_value", least), ("max_value", most)) if bound is not None}
    about = {"meta": {"counterpoise": meta}} if meta else {}
    return {
        "type": _MEASURE,
        "kwargs": {"measure": measure, "value": value, **bounds, "summary": summary},
        "severity": severity,
        "notes": "How the source has grown since the last version.",
        **about,
    }
