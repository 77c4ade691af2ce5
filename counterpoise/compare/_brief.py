"""A comparison as the report of a version shows it: the leaderboard, and the final reduced to its verdict."""

from __future__ import annotations

from counterpoise.compare._ranking_text import describe_choice
from counterpoise.results import Leaderboard, LeaderboardBrief

__all__ = ["brief_of"]


def brief_of(board: Leaderboard) -> LeaderboardBrief:
    """Return a stored leaderboard in brief."""
    final = board.final
    versions = 0 if final is None else sum(look.version > 0 for look in final.looks)
    return LeaderboardBrief(
        board=board.model_copy(update={"final": None, "origin": None, "file": "", "page": ""}),
        name="/".join((board.page or board.file).split("/")[-2:]),
        choice=describe_choice(board),
        verdict="" if final is None else final.verdict,
        earlier_looks=0 if final is None else final.earlier_looks - versions,
        earlier_versions=versions,
    )
