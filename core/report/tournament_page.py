"""The tournament as one HTML page beside its JSON: opens offline, no request and no script, plots as inline SVG."""

from __future__ import annotations

import yaml

from counterpoise.core.report.page import template_environment
from counterpoise.core.report.tournament_view import tournament_view
from counterpoise.core.tournament.board_text import describe_choice
from counterpoise.core.tournament.looks import looks_in_words
from counterpoise.core.tournament.records import Leaderboard

__all__ = ["render_tournament"]


def render_tournament(board: Leaderboard) -> str:
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
            view=tournament_view(board),
            choice=describe_choice(board),
            looked=looks_in_words(board.final.looks if board.final is not None else ()),
            config_yaml=yaml.safe_dump(board.origin.config, sort_keys=False, allow_unicode=False),
        )
    )
