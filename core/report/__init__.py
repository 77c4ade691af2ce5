"""The report on a version: gathered as data first, rendered afterwards."""

from counterpoise.core.report.brief import render_markdown, validation_table
from counterpoise.core.report.data import ReportData, build_report_data
from counterpoise.core.report.facts import report_record
from counterpoise.core.report.page import render_html
from counterpoise.core.report.synthetic_view import rules_in_words

__all__ = [
    "ReportData",
    "build_report_data",
    "render_html",
    "render_markdown",
    "report_record",
    "rules_in_words",
    "validation_table",
]
