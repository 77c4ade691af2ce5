"""The results as Markdown tables, and whether they are good enough."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .trials import BreakageResult, TableResult

__all__ = ["good_enough", "render"]

_FEWEST_POSSIBLE = 20
_SHARE = 0.92
_FALSE_STOPS = 1
_SHOWN = 400


def good_enough(result: TableResult) -> bool:
    """Return whether at least 92 % of the possible breakages are caught and named, with at most one false stop.

    A table with fewer than 20 possible breakages is judged by its false stops alone.
    """
    enough = result.possible < _FEWEST_POSSIBLE or result.named >= _SHARE * result.possible
    return enough and result.subsets.stopped <= _FALSE_STOPS


def render(results: Sequence[TableResult]) -> str:
    """Return the report: the matrix, the totals, and what was missed, only warned of, or impossible."""
    return "\n".join([*_matrix(results), "", *_totals(results), "", *_details(results)])


def _matrix(results: Sequence[TableResult]) -> Iterator[str]:
    yield f"| # | breakage | {' | '.join(one.table for one in results)} |"
    yield f"|---:|---|{'---|' * len(results)}"
    for number, row in enumerate(zip(*(one.breakages for one in results), strict=True), start=1):
        yield f"| {number} | {row[0].title} | {' | '.join(_cell(one) for one in row)} |"


def _cell(result: BreakageResult) -> str:
    if result.status in ("impossible", "missed"):
        return {"impossible": "–", "missed": "**missed**"}[result.status]
    return result.status if result.named else f"**{result.status}, cause not named**"


def _totals(results: Sequence[TableResult]) -> Iterator[str]:
    yield "| table | rows | caught and named | only warned | false stops | false warnings | seconds | good enough |"
    yield "|---|---:|---:|---:|---:|---:|---:|---|"
    for one in results:
        warned = sum(each.status == "warned" for each in one.breakages)
        yield (
            f"| {one.table} | {one.rows:,} | {one.named} of {one.possible} | {warned} | {one.subsets.stopped} "
            f"| {one.subsets.warned} | {one.seconds:.0f} | {'yes' if good_enough(one) else '**no**'} |"
        )


def _details(results: Sequence[TableResult]) -> Iterator[str]:
    for one in results:
        yield f"{one.table}:"
        yield from (f"- warns at the good feed already: {each}" for each in one.usual)
        yield from (f"- {count} subsets: {alarm}" for alarm, count in one.subsets.alarms.items())
        for status in ("impossible", "missed", "stopped", "warned"):
            yield from _lines(status, [each for each in one.breakages if each.status == status])


def _lines(status: str, breakages: Sequence[BreakageResult]) -> Iterator[str]:
    """Yield a line for each that cannot be or whose cause was not named, and one for all others."""
    apart = [each for each in breakages if not each.named]
    named = [each.title for each in breakages if each.named]
    if named:
        yield f"- {status}: {', '.join(named)}"
    for each in apart:
        unnamed = ", cause not named" if status in ("stopped", "warned") else ""
        yield f"- {status}{unnamed}: {each.title}" + (f": {each.said[:_SHOWN]}" if each.said else "")
