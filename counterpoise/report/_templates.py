"""The templates of the pages, and what each of them may call."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import resources

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from counterpoise.metrics import METRICS
from counterpoise.records import PARTITIONS
from counterpoise.results import learner_label, strategy_label
from counterpoise.text import capital, count, number, ratio, share, shown, signed, threshold, words

__all__ = ["own_text", "template_environment", "template_exists"]

_FILTERS = (capital, count, number, ratio, share, shown, signed, threshold, words)
_WIDE = 10
"""Signs in a heading above which it takes a line for each word."""
_FOLDER = resources.files("counterpoise.report").joinpath("templates")


@cache
def template_environment() -> Environment:
    """Return the template environment: it escapes every value and refuses names that nobody gave."""
    environment = Environment(
        autoescape=True,
        loader=FunctionLoader(_read),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {each.__name__: each for each in _FILTERS}
    environment.filters |= {"learner": learner_label, "strategy": strategy_label, "digest": _digest}
    environment.filters |= {"metric": lambda name: METRICS[name].label, "heading": _heading}
    charts = own_text("chart.css")
    environment.globals |= {"partitions": PARTITIONS, "chart_style": charts, "style": charts + own_text("style.css")}
    environment.globals["m"] = environment.get_template("macros.html.j2").module
    return environment


def template_exists(name: str) -> bool:
    """Return whether there is a file of this name among the templates."""
    return _FOLDER.joinpath(name).is_file()


def own_text(name: str) -> Markup:
    """Return a style sheet or a script of ours, to be put into a page as it is."""
    return Markup(_read(name))  # noqa: S704  # our own file, no data in it


def _heading(name: str) -> Markup:
    """Return a metric's name as the heading of a column: a long one in two lines."""
    text = capital(METRICS[name].heading)
    return Markup("<br>").join(text.split(" ") if len(text) > _WIDE else [text])


def _digest(text: str) -> str:
    """Return the hash by which a Content-Security-Policy lets exactly this text through."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _read(name: str) -> str:
    return _FOLDER.joinpath(name).read_text(encoding="utf-8")
