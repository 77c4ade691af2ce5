"""The comparison as one HTML page, stored next to its JSON.

It opens offline, sends no requests and has no script; its plots are inline SVG.
"""

from __future__ import annotations

from collections import Counter

import yaml

from counterpoise.compare import describe_answer, describe_choice
from counterpoise.report._comparison.final import FINAL
from counterpoise.report._comparison.ranking import ranking_view
from counterpoise.report._section import Section, in_order, render_page
from counterpoise.results import Leaderboard
from counterpoise.text import count


def render_comparison(leaderboard: Leaderboard) -> str:
    """Render the page of a leaderboard; equal data give equal text.

    Args:
        leaderboard: A stored leaderboard, which has an origin.
    """
    return render_page("comparison.html.j2", _SECTIONS, leaderboard)


def _summary(leaderboard: Leaderboard) -> dict[str, str]:
    return {
        "answer": describe_answer(leaderboard),
        "choice": describe_choice(leaderboard),
        "accesses": _earlier_accesses(leaderboard),
    }


def _earlier_accesses(leaderboard: Leaderboard) -> str:
    """Return the number of earlier accesses to test, by kind."""
    looks = leaderboard.final.looks if leaderboard.final is not None else ()
    kinds = Counter("version" if look.version else "comparison" for look in looks)
    return " and ".join(f"{count(n)} {kind}{'s' if n != 1 else ''}" for kind, n in sorted(kinds.items()))


def _excluded(leaderboard: Leaderboard) -> object:
    return leaderboard.set_apart or None


def _configuration(leaderboard: Leaderboard) -> str:
    assert leaderboard.origin is not None  # noqa: S101  # a stored leaderboard has one
    return yaml.safe_dump(leaderboard.origin.config, sort_keys=False, allow_unicode=False)


_SECTIONS = in_order(
    Section("summary", "Summary", "comparison_summary.html.j2", _summary),
    Section("leaderboard", "Leaderboard", "comparison_leaderboard.html.j2", ranking_view),
    Section("excluded", "Excluded", "comparison_excluded.html.j2", _excluded, optional=True),
    FINAL,
    Section("reproducibility", "Reproducibility", "comparison_reproducibility.html.j2", _configuration),
)
