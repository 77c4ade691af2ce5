"""Who is in the final, decided by the ranking alone."""

from __future__ import annotations

from counterpoise.results import DUMMY, Entry, Leaderboard, Role

__all__ = ["LEAVES_ROWS", "about", "finalists", "reference_of"]

LEAVES_ROWS = ("none", "threshold")
"""Strategies that change nothing that a learner is trained on."""


def finalists(board: Leaderboard) -> dict[Entry, tuple[Role, ...]]:
    """Return the finalists with what each of them is there for; none where nothing could be measured.

    The chosen entry and the challenger that the verdict is about come first, then what they are compared with: the same
    learner without resampling and the best entry without resampling; the dummy is last.
    """
    chosen, challenger, best_none = board.chosen, about(board), _best_without(board)
    if chosen is None or challenger is None:
        return {}
    wanted: list[tuple[Entry | None, Role]] = [
        (chosen, "chosen"),
        (challenger, "challenger"),
        (reference_of(chosen, board), "reference"),
        (reference_of(challenger, board), "reference"),
        (best_none, "best_none"),
        (_plain("none", DUMMY), "dummy"),
    ]
    roles: dict[Entry, list[Role]] = {}
    for entry, role in wanted:
        if entry is not None and role not in roles.setdefault(entry, []):
            roles[entry].append(role)
    return {entry: tuple(own) for entry, own in roles.items()}


def about(board: Leaderboard) -> Entry | None:
    """Return the entry that the verdict is about.

    It is the chosen one; where that leaves the rows as they are, the best of those that do not, so that a reader learns
    what resampling would have brought; the chosen one again where there is no such entry.
    """
    if board.chosen is None or board.chosen.strategy not in LEAVES_ROWS:
        return board.chosen
    others = [entry for entry in _measured(board) if entry.strategy not in LEAVES_ROWS]
    return others[0] if others else board.chosen


def reference_of(entry: Entry, board: Leaderboard) -> Entry | None:
    """Return what an entry is compared with: its learner without resampling, else the best without resampling.

    Nothing is where that is the entry itself.
    """
    same = _plain("none", entry.learner)
    known = same in _measured(board) and entry.strategy != "none"
    reference = same if known else _best_without(board)
    return None if reference == entry else reference


def _best_without(board: Leaderboard) -> Entry | None:
    return next((entry for entry in _measured(board) if entry.strategy == "none"), None)


def _measured(board: Leaderboard) -> list[Entry]:
    """Return the trained entries that the metric is defined for, best first."""
    measured = [one for one in board.ranked if one.mean[board.metric] is not None and one.learner != DUMMY]
    return [_plain(one.strategy, one.learner) for one in measured]


def _plain(strategy: str, learner: str) -> Entry:
    return Entry(strategy=strategy, learner=learner)
