"""The sections of the report, in the order of the page, its navigation and the Markdown brief."""

from __future__ import annotations

from counterpoise.report._section import Section, in_order
from counterpoise.report._sections.evaluation import EVALUATION
from counterpoise.report._sections.history import HISTORY
from counterpoise.report._sections.reproducibility import REPRODUCIBILITY
from counterpoise.report._sections.resampling import RESAMPLING
from counterpoise.report._sections.split import SPLIT
from counterpoise.report._sections.strategies import STRATEGIES
from counterpoise.report._sections.summary import SUMMARY
from counterpoise.report._sections.synthetic import SYNTHETIC
from counterpoise.report._sections.validation import VALIDATION

SECTIONS = in_order(
    SUMMARY,
    Section("source", "Source", "source.html.j2"),
    VALIDATION,
    SPLIT,
    RESAMPLING,
    SYNTHETIC,
    STRATEGIES,
    EVALUATION,
    HISTORY,
    Section("persist", "Persist", "persist.html.j2"),
    REPRODUCIBILITY,
)
"""In the order of a reader's questions: what came in, how was it changed, does that help, how do I reproduce it."""
