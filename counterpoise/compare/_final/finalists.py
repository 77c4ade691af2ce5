"""The finalists, chosen by the ranking alone."""

from __future__ import annotations

from counterpoise.results import DUMMY, Candidate, Leaderboard, Role
from counterpoise.strategies import TRAINING

LEAVES_ROWS = ("none", *(name for name, one in TRAINING.items() if not one.trains))
"""Strategies that leave the training data as it is."""


def finalists(leaderboard: Leaderboard) -> dict[Candidate, tuple[Role, ...]]:
    """Return the finalists with their roles; none if no candidate could be measured.

    The chosen candidate and the challenger of the verdict come first, then the same learner without resampling and the
    best candidate without resampling; the dummy comes last.
    """
    chosen, challenger, best_none = leaderboard.chosen, about(leaderboard), _best_without(leaderboard)
    if chosen is None or challenger is None:
        return {}
    wanted: list[tuple[Candidate | None, Role]] = [
        (chosen, "chosen"),
        (challenger, "challenger"),
        (reference_of(chosen, leaderboard), "reference"),
        (reference_of(challenger, leaderboard), "reference"),
        (best_none, "best_none"),
        (_plain("none", DUMMY), "dummy"),
    ]
    roles: dict[Candidate, list[Role]] = {}
    for candidate, role in wanted:
        if candidate is not None and role not in roles.setdefault(candidate, []):
            roles[candidate].append(role)
    return {candidate: tuple(own) for candidate, own in roles.items()}


def about(leaderboard: Leaderboard) -> Candidate | None:
    """Return the candidate that the verdict is about.

    This is the chosen candidate. If that one leaves the rows unchanged, it is the best candidate that does not, so that
    the verdict says what resampling would have gained; without any, it is the chosen candidate again. If the
    comparison was asked about a strategy, it is the best candidate with that.
    """
    asked = [candidate for candidate in _measured(leaderboard) if candidate.strategy == leaderboard.asked]
    if asked:
        return asked[0]
    if leaderboard.chosen is None or leaderboard.chosen.strategy not in LEAVES_ROWS:
        return leaderboard.chosen
    others = [candidate for candidate in _measured(leaderboard) if candidate.strategy not in LEAVES_ROWS]
    return others[0] if others else leaderboard.chosen


def reference_of(candidate: Candidate, leaderboard: Leaderboard) -> Candidate | None:
    """Return a candidate's reference: its learner without resampling, else the best candidate without resampling.

    None if that is the candidate itself.
    """
    same = _plain("none", candidate.learner)
    known = same in _measured(leaderboard) and candidate.strategy != "none"
    reference = same if known else _best_without(leaderboard)
    return None if reference == candidate else reference


def _best_without(leaderboard: Leaderboard) -> Candidate | None:
    return next((candidate for candidate in _measured(leaderboard) if candidate.strategy == "none"), None)


def _measured(leaderboard: Leaderboard) -> list[Candidate]:
    """Return the trained candidates for which the metric is defined, best first."""
    measured = [one for one in leaderboard.ranked if one.mean[leaderboard.metric] is not None and one.learner != DUMMY]
    return [_plain(one.strategy, one.learner) for one in measured]


def _plain(strategy: str, learner: str) -> Candidate:
    return Candidate(strategy=strategy, learner=learner)
