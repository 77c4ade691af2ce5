"""Groups of test rows that the user names: their rates against those of the rest, corrected for the number of tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from counterpoise.evaluate._inference.intervals import share_difference_interval, share_interval, units
from counterpoise.evaluate._segments import segments
from counterpoise.evaluate._slices import DecidedRows
from counterpoise.text import number
from counterpoise.typing import Floats, Mask

LEVEL = 0.05
"""The chance that any difference is reported although groups do not differ."""
_FEWEST = 10
_WORDS = {
    "recall": "recall",
    "precision": "precision",
    "false_positive_rate": "false positive rate",
    "selection_rate": "share of rows called",
}


@dataclass(frozen=True)
class _Test:
    """A rate within a group and in the rest; `alike` is equal for tests of the same split of the same rows."""

    column: str
    group: str
    rate: str
    record: dict[str, Any]
    alike: tuple[str, str, bytes]


def compare_groups(columns: pa.Table, rows: DecidedRows) -> dict[str, Any]:
    """Return the rates of each group, their differences from the rest, and the findings in words.

    Groups are the segments of `counterpoise.evaluate._segments`. Rates are recall (called among positives), precision
    (positives among called), false positive rate (called among negatives) and selection rate (called among all), with
    Wilson's 95 % intervals, in which a group of rows counts once if rows are grouped. Differences from the rest have
    Newcombe's interval (1998, method 10) and Fisher's exact p-value; `adjusted` is Holm's over all tests. A rate of
    fewer than ten rows, in the group or the rest, has no test.

    Args:
        columns: The columns that define groups.
        rows: The same rows with their decisions.

    Returns:
        `groups`: one record per group; `tests`: their number; `findings`: a sentence per significant difference, or
        one that there is none.
    """
    groups, tests = [], []
    for name in columns.schema.names:
        for group, members in segments(columns.select([name])):
            found = list(_tests(name, group, members, rows))
            tests += [one for one in found if one.record["p"] is not None]
            groups.append(
                {
                    "column": name,
                    "group": group,
                    "rows": int(members.sum()),
                    "positives": int((members & rows.positive).sum()),
                    "rates": {one.rate: one.record for one in found},
                }
            )
    distinct = _adjust(tests)
    return {"groups": groups, "tests": distinct, "findings": list(_findings(tests, distinct))}


def holm(p_values: Sequence[float]) -> Floats:
    """Return Holm's adjusted p-values (Scandinavian Journal of Statistics 6, 1979).

    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    values = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    steps = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1))
    adjusted = np.empty(len(values))
    adjusted[order] = np.minimum(steps, 1.0)
    return adjusted


def _tests(column: str, group: str, members: Mask, rows: DecidedRows) -> Iterator[_Test]:
    positive, called, every = rows.positive, rows.called, np.ones(len(rows.called), np.bool_)
    rates = {
        "recall": (called, positive),
        "precision": (positive, called),
        "false_positive_rate": (called, ~positive),
        "selection_rate": (called, every),
    }
    for rate, (hits, of) in rates.items():
        own, rest = of & members, of & ~members
        alike = column, rate, min(own.tobytes(), rest.tobytes())
        yield _Test(column, group, rate, _rate(hits, own, rest, rows), alike)


def _rate(hits: Mask, own: Mask, rest: Mask, rows: DecidedRows) -> dict[str, Any]:
    """Return a rate within a group and in the rest, and their difference."""
    counts = [(int((hits & of).sum()), int(of.sum()), units(of, rows.groups)) for of in (own, rest)]
    shares = [found / number if number else None for found, number, _ in counts]
    bounds = [
        None if share is None else share_interval(share, independent)
        for share, (_, _, independent) in zip(shares, counts, strict=True)
    ]
    tested = all(number >= _FEWEST for _, number, _ in counts)
    one, other = (share or 0.0 for share in shares)
    between = share_difference_interval((one, other), (counts[0][2], counts[1][2])) if tested else None
    return {
        "hits": counts[0][0],
        "of": counts[0][1],
        "share": shares[0],
        "low": bounds[0].low if bounds[0] else None,
        "high": bounds[0].high if bounds[0] else None,
        "rest": shares[1],
        "difference": None if between is None else one - other,
        "difference_low": between.low if between else None,
        "difference_high": between.high if between else None,
        "p": _fisher(shares, [independent for *_, independent in counts]) if tested else None,
        "adjusted": None,
    }


def _fisher(shares: Sequence[float | None], independent: Sequence[int]) -> float:
    """Return the two-sided p-value of Fisher's exact test; grouped rows count as often as there are groups."""
    from scipy import stats

    hits = [round((share or 0.0) * number) for share, number in zip(shares, independent, strict=True)]
    table = np.array([[found, number - found] for found, number in zip(hits, independent, strict=True)])
    return float(np.clip(stats.fisher_exact(table).pvalue, 0.0, 1.0))


def _adjust(tests: Sequence[_Test]) -> int:
    """Set the adjusted p-values and return the number of tests; both sides of one split are one test."""
    first = {one.alike: one.record["p"] for one in tests}
    adjusted = dict(zip(first, holm(list(first.values())).tolist(), strict=True))
    for one in tests:
        one.record["adjusted"] = adjusted[one.alike]
    return len(first)


def _findings(tests: Sequence[_Test], distinct: int) -> Iterator[str]:
    found = sorted((one for one in tests if one.record["adjusted"] < LEVEL), key=lambda one: one.record["adjusted"])
    told: set[tuple[str, str, bytes]] = set()
    for one in found:
        if one.alike in told:
            continue
        told.add(one.alike)
        record = one.record
        yield (
            f"{one.column} {one.group}: {_WORDS[one.rate]} {number(record['share'])}, "
            f"{number(abs(record['difference']))} {'above' if record['difference'] > 0 else 'below'} the rest "
            f"({number(record['rest'])}; 95 % interval of the difference {number(record['difference_low'])} to "
            f"{number(record['difference_high'])}; p {_p(record['adjusted'])}, corrected for {distinct:,} tests)"
        )
    if not found and distinct:
        yield f"No group differs from the rest beyond chance: {distinct:,} tests, corrected by Holm at 5 %."
    if not distinct:
        yield "No group is large enough to be compared with the rest."


def _p(value: float) -> str:
    return "below 0.001" if value < 0.001 else number(value)
