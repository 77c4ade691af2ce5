"""A tournament as the report of a version shows it: without its final, of which the verdict is left."""

from __future__ import annotations

from counterpoise.core.records import Record
from counterpoise.core.tournament.board_text import describe_choice
from counterpoise.core.tournament.records import Leaderboard

__all__ = ["TournamentBrief"]


class TournamentBrief(Record):
    """A leaderboard in brief.

    `board` is without final and origin; `name` is the name of its page, `choice` says who is chosen and why, `verdict`
    what came of the look at test, empty text where there was none, `earlier_looks` how many other tournaments had
    looked before it, and `earlier_versions` how many evaluated versions.
    """

    board: Leaderboard
    name: str
    choice: str
    verdict: str = ""
    earlier_looks: int = 0
    earlier_versions: int = 0

    @classmethod
    def of(cls, board: Leaderboard) -> TournamentBrief:
        """Return a leaderboard that was written in brief."""
        final = board.final
        versions = 0 if final is None else sum(look.version > 0 for look in final.looks)
        return cls(
            board=board.model_copy(update={"final": None, "origin": None, "file": "", "page": ""}),
            name="/".join((board.page or board.file).split("/")[-2:]),
            choice=describe_choice(board),
            verdict="" if final is None else final.verdict,
            earlier_looks=0 if final is None else final.earlier_looks - versions,
            earlier_versions=versions,
        )
