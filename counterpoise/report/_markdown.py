"""Tables and figures of the Markdown brief."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from counterpoise.text import number


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table of cells that are already Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def interval(value: float | None, bounds: Mapping[str, float] | None) -> str:
    """Return a figure, with its interval if it has one."""
    return number(value) + (f" ({number(bounds['low'])} to {number(bounds['high'])})" if bounds else "")
