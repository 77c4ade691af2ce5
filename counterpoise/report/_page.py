"""The report as one HTML page that opens offline: no request, one small script of ours, plots as inline SVG."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml
from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from counterpoise.metrics import METRICS
from counterpoise.records import PARTITIONS, ClassCounts
from counterpoise.report._data import ReportData
from counterpoise.report._facts import count_up
from counterpoise.report._views.calibration import calibration_view
from counterpoise.report._views.comparison import comparison_view
from counterpoise.report._views.drift import drift_view
from counterpoise.report._views.evaluation import evaluation_view
from counterpoise.report._views.explorer import explorer_view
from counterpoise.report._views.history import history_view, section_name
from counterpoise.report._views.operating_points import points_view
from counterpoise.report._views.synthetic import synthetic_view
from counterpoise.report._views.top import top_view
from counterpoise.results import learner_label, strategy_label
from counterpoise.text import capital, count, number, ratio, share, shown, signed, threshold, words

__all__ = ["SECTIONS", "ClassBar", "class_bars", "render_html", "template_environment"]

SECTIONS = (
    "Source",
    "Validation",
    "Split",
    "Resampling",
    "Synthetic rows",
    "Strategies",
    "Evaluation",
    "Persist",
    "Reproducibility",
)
"""The sections after the summary, in the order in which a reader asks: what came in, what was made of it, does it help.

Synthetic rows are what resampling made; strategies are those that competed in a tournament. What has changed since the
previous version follows the evaluation, where there is one; how to get the files and the version again stands last.
"""

_MOST_BARS = 30
_WIDE = 10
"""Signs in a heading above which it takes a line for each word."""
_FILTERS = (capital, count, number, ratio, share, shown, signed, threshold, words)


@dataclass(frozen=True)
class ClassBar:
    """A class before and after resampling: rows, shares, and bar lengths in percent of the longest bar."""

    name: str
    before: int
    after: int
    before_share: float
    after_share: float
    before_bar: float
    after_bar: float


def render_html(data: ReportData) -> str:
    """Return the report as a self-contained HTML page, the same text for equal data."""
    template = template_environment().get_template("report.html.j2")
    return template.render(
        data=data,
        counts=count_up(data),
        sections=_sections(data),
        partitions=PARTITIONS,
        bars=class_bars(data.resampling.before, data.resampling.after),
        most_bars=_MOST_BARS,
        outcomes=_outcomes(data),
        compare_command=_compare_command(data),
        points=points_view(data.metrics) if data.metrics else None,
        top=top_view(data.metrics) if data.metrics else None,
        explorer=explorer_view(data.metrics) if data.metrics else None,
        calibration=calibration_view(data.metrics) if data.metrics else None,
        drift=drift_view(data.validation.baseline, data.validation.outcomes),
        checks=sorted(data.persist.certificate.checks.items()),
        strategy=strategy_label(data.resampling.strategy),
        evaluation=evaluation_view(data.metrics) if data.metrics else None,
        synthetic=synthetic_view(data.synthetic) if data.synthetic else None,
        view=comparison_view(data.strategies.board) if data.strategies else None,
        history=history_view(data.previous) if data.previous else None,
        config_yaml=_yaml(data.reproducibility.config),
    )


def class_bars(before: ClassCounts, after: ClassCounts) -> list[ClassBar]:
    """Return the classes, largest first, with their rows before and after resampling."""
    totals = max(1, sum(before.values())), max(1, sum(after.values()))
    longest = max([1, *before.values(), *after.values()])
    names = sorted({*before, *after}, key=lambda name: (-before.get(name, 0), name))
    return [
        ClassBar(
            name=name,
            before=before.get(name, 0),
            after=after.get(name, 0),
            before_share=before.get(name, 0) / totals[0],
            after_share=after.get(name, 0) / totals[1],
            before_bar=round(100 * before.get(name, 0) / longest, 2),
            after_bar=round(100 * after.get(name, 0) / longest, 2),
        )
        for name in names
    ]


def _sections(data: ReportData) -> tuple[str, ...]:
    place = SECTIONS.index("Persist")
    since = (section_name(data.previous),) if data.previous else ()
    return (*SECTIONS[:place], *since, *SECTIONS[place:])


def _compare_command(data: ReportData) -> str:
    """Return the command that plays a tournament on what was published.

    A version that was not made by `counterpoise run` is taken to have its configuration in a file of its name.
    """
    run = "counterpoise run "
    command = data.reproducibility.command
    if command.startswith(run):
        return f"counterpoise compare {command.removeprefix(run)}"
    return f"counterpoise compare {data.reproducibility.config['name']}.yaml"


def _outcomes(data: ReportData) -> dict[str, list[Any]]:
    """Return the expectations on the source that want attention and those that hold, and those on the partitions."""
    every = data.validation.outcomes
    outcomes = [outcome for outcome in every if outcome.source in ("contract", "suite")]
    return {
        "partitions": [outcome for outcome in every if outcome.source == "partitions"],
        "open": [outcome for outcome in outcomes if outcome.status != "passed"],
        "passed": [outcome for outcome in outcomes if outcome.status == "passed"],
    }


def _yaml(config: dict[str, Any]) -> str:
    """Return the configuration as YAML; where it holds invisible signs, with all but ASCII written out."""
    text = yaml.safe_dump(config, sort_keys=False, allow_unicode=True)
    visible = text.replace("\n", "").isprintable()
    return text if visible else yaml.safe_dump(config, sort_keys=False)


@cache
def template_environment() -> Environment:
    """Return the template environment: every value is escaped, whatever the template is called."""
    environment = Environment(
        autoescape=True,
        loader=FunctionLoader(_read),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {each.__name__: each for each in _FILTERS}
    environment.filters |= {"learner": learner_label, "metric": lambda name: METRICS[name].label, "heading": _heading}
    for name, file in (("style", "style.css"), ("script", "explorer.js")):
        text = _read(file)
        environment.globals[name] = Markup(text)  # noqa: S704  # our own file, no data in it
        environment.globals[f"{name}_digest"] = _digest(text)
    return environment


def _heading(name: str) -> Markup:
    """Return a metric's name as the heading of a column: a long one in two lines."""
    text = capital(METRICS[name].heading)
    return Markup("<br>").join(text.split(" ") if len(text) > _WIDE else [text])


def _digest(text: str) -> str:
    """Return the hash by which a Content-Security-Policy lets exactly this text through."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _read(name: str) -> str:
    return resources.files("counterpoise.report").joinpath("templates", name).read_text(encoding="utf-8")
