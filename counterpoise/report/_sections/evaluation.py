"""The evaluation: an introduction, and the parts in which the metrics record is shown."""

from __future__ import annotations

from counterpoise.report._section import Section
from counterpoise.report._sections.by_class import BY_CLASS
from counterpoise.report._sections.calibration import CALIBRATION
from counterpoise.report._sections.changes import CHANGES
from counterpoise.report._sections.curves import CURVES
from counterpoise.report._sections.explorer import EXPLORER
from counterpoise.report._sections.leaderboard import LEADERBOARD
from counterpoise.report._sections.leak import LEAK
from counterpoise.report._sections.operating_points import OPERATING_POINTS
from counterpoise.report._sections.slices import SLICES
from counterpoise.report._sections.thresholds import THRESHOLDS
from counterpoise.report._sections.top import TOP

__all__ = ["EVALUATION"]

EVALUATION = Section(
    "evaluation",
    "Evaluation",
    "evaluation.html.j2",
    parts=(
        LEADERBOARD,
        CHANGES,
        BY_CLASS,
        CURVES,
        CALIBRATION,
        THRESHOLDS,
        OPERATING_POINTS,
        TOP,
        EXPLORER,
        SLICES,
        LEAK,
    ),
)
