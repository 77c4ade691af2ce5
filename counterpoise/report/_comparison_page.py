"""The tournament as one HTML page beside its JSON: opens offline, no request and no script, plots as inline SVG."""

from __future__ import annotations

import yaml

from counterpoise.compare import describe_choice
from counterpoise.report._page import template_environment
from counterpoise.report._views.comparison import comparison_view
from counterpoise.results import Leaderboard
from counterpoise.versions import accesses_in_words

__all__ = ["render_comparison"]


def render_comparison(board: Leaderboard) -> str:
    """Return the page of a leaderboard that was written: the same text for equal data.

    Args:
        board: With its origin.
    """
    assert board.origin is not None  # noqa: S101  # a leaderboard that is written has one
    return (
        template_environment()
        .get_template("tournament.html.j2")
        .render(
            board=board,
            view=comparison_view(board),
            choice=describe_choice(board),
            looked=accesses_in_words(board.final.looks if board.final is not None else ()),
            config_yaml=yaml.safe_dump(board.origin.config, sort_keys=False, allow_unicode=False),
        )
    )
