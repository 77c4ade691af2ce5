"""The comparison as one HTML page beside its JSON: opens offline, no request and no script, plots as inline SVG."""

from __future__ import annotations

import yaml

from counterpoise.compare import describe_choice
from counterpoise.report._comparison.board import board_view
from counterpoise.report._comparison.final import FINAL
from counterpoise.report._section import Section, in_order, render_page
from counterpoise.results import Leaderboard
from counterpoise.versions import accesses_in_words

__all__ = ["render_comparison"]


def render_comparison(board: Leaderboard) -> str:
    """Return the page of a leaderboard that was written: the same text for equal data.

    Args:
        board: With its origin.
    """
    return render_page("comparison.html.j2", _SECTIONS, board)


def _summary(board: Leaderboard) -> dict[str, str]:
    looked = accesses_in_words(board.final.looks if board.final is not None else ())
    return {"choice": describe_choice(board), "looked": looked}


def _set_apart(board: Leaderboard) -> object:
    return board.set_apart or None


def _configuration(board: Leaderboard) -> str:
    assert board.origin is not None  # noqa: S101  # a leaderboard that is written has one
    return yaml.safe_dump(board.origin.config, sort_keys=False, allow_unicode=False)


_SECTIONS = in_order(
    Section("summary", "Summary", "comparison_summary.html.j2", _summary),
    Section("leaderboard", "Leaderboard", "comparison_leaderboard.html.j2", board_view),
    Section("set-apart", "Set apart", "comparison_set_apart.html.j2", _set_apart, optional=True),
    FINAL,
    Section("reproducibility", "Reproducibility", "comparison_reproducibility.html.j2", _configuration),
)
