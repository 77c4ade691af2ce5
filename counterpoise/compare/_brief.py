"""A comparison as the report of a version shows it: the leaderboard, and the final reduced to its verdict."""

from __future__ import annotations

from counterpoise.compare._ranking_text import describe_choice
from counterpoise.results import Leaderboard, LeaderboardBrief


def brief_of(leaderboard: Leaderboard) -> LeaderboardBrief:
    """Return a stored leaderboard in brief."""
    final = leaderboard.final
    versions = 0 if final is None else sum(look.version > 0 for look in final.looks)
    return LeaderboardBrief(
        board=leaderboard.model_copy(update={"final": None, "origin": None, "file": "", "page": ""}),
        name="/".join((leaderboard.page or leaderboard.file).split("/")[-2:]),
        choice=describe_choice(leaderboard),
        verdict="" if final is None else final.verdict,
        earlier_looks=0 if final is None else final.earlier_looks - versions,
        earlier_versions=versions,
    )
