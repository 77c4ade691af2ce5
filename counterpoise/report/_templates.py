"""The templates of the pages, with their filters and globals."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from counterpoise.metrics import METRICS
from counterpoise.records import PARTITIONS
from counterpoise.report._compiled_templates import compiled_templates
from counterpoise.results import MAY_BE_INDEPENDENT, ONE_DAY, learner_label, strategy_label
from counterpoise.text import capital, count, number, ratio, share, shown, signed, threshold, words

_FILTERS = (capital, count, number, ratio, share, shown, signed, threshold, words)
_WIDE = 10
"""A heading with more characters is broken into one line per word."""
_FOLDER = resources.files("counterpoise.report").joinpath("templates")
_OPTIONS: dict[str, Any] = {"trim_blocks": True, "lstrip_blocks": True, "optimized": False}
"""Optimised templates would hold the results of filters, which may change while the template does not."""


@cache
def template_environment() -> Environment:
    """Return the template environment, which escapes every value and refuses undefined names."""
    environment = Environment(
        autoescape=True,
        loader=FunctionLoader(_read),
        undefined=StrictUndefined,
        bytecode_cache=compiled_templates(_FOLDER, _OPTIONS),
        **_OPTIONS,
    )
    environment.filters |= {each.__name__: each for each in _FILTERS}
    environment.filters |= {"learner": learner_label, "strategy": strategy_label, "digest": _digest}
    environment.filters |= {"metric": lambda name: METRICS[name].label, "heading": _heading}
    charts = own_text("chart.css")
    environment.globals |= {"partitions": PARTITIONS, "chart_style": charts, "style": charts + own_text("style.css")}
    environment.globals["may_be_independent"] = MAY_BE_INDEPENDENT
    environment.globals["one_day"] = ONE_DAY
    environment.globals["m"] = environment.get_template("macros.html.j2").module
    return environment


def template_exists(name: str) -> bool:
    """Return whether a template file of this name exists."""
    return _FOLDER.joinpath(name).is_file()


def own_text(name: str) -> Markup:
    """Return one of our CSS files or scripts, for inclusion in a page without escaping."""
    return Markup(_read(name))  # noqa: S704  # our own file, no data in it


def _heading(name: str) -> Markup:
    """Return the column heading of a metric; a long one takes several lines."""
    text = capital(METRICS[name].heading)
    return Markup("<br>").join(text.split(" ") if len(text) > _WIDE else [text])


def _digest(text: str) -> str:
    """Return the hash with which a Content-Security-Policy allows exactly this text."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _read(name: str) -> str:
    return _FOLDER.joinpath(name).read_text(encoding="utf-8")
