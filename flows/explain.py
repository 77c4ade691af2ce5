"""What the command line says of a strategy or a metric: the facts that the rest of the library works with."""

from __future__ import annotations

import difflib
import textwrap
from typing import get_args

from pydantic import BaseModel

from counterpoise.errors import ConfigError
from counterpoise.metrics import METRICS, ClassShares, Metric
from counterpoise.strategies import STRATEGIES, Strategy, StrategyName

_WIDTH, _INDENT = 80, 14
_EFFECTS = {
    "none": "no class changes its rows",
    "over": "smaller classes grow to resampling.ratio of the largest",
    "under": "larger classes shrink until smaller ones have resampling.ratio of them",
    "clean": "rows are dropped by their features, whatever the ratio",
    "combine": "smaller classes grow to resampling.ratio of the largest, then rows are dropped",
}
_READS = {
    "labels": "labels of train only",
    "class rows": "features of the growing classes of train",
    "train rows": "features of all train rows",
}
_SETTINGS = {"choice": "tournament.metric", "threshold": "evaluation.threshold"}


def names() -> list[str]:
    """Return the names that can be explained."""
    return [*get_args(StrategyName), *METRICS]


def explain(name: str) -> str:
    """Return what is known of a strategy or a metric, in lines of 80 characters at most.

    Args:
        name: Its name in the configuration, or its label within a sentence.

    Raises:
        ConfigError: There is no strategy and no metric of that name.
    """
    known: dict[str, Strategy | Metric] = {**STRATEGIES, **METRICS}
    by_label = {one.label.casefold(): one for one in known.values()}
    found = known.get(name) or by_label.get(name.casefold())
    if found is None:
        near = difflib.get_close_matches(name, [*known, *by_label], n=1)
        raise ConfigError(
            "unknown_name",
            expected=f"a strategy ({', '.join(STRATEGIES)}) or a metric ({', '.join(METRICS)})",
            found=repr(name),
            remedy=f"counterpoise explain {near[0]!r}" if near else "choose one of these names",
        )
    if isinstance(found, Strategy):
        return _table(f"{found.name}: {found.label}, {found.remark}", _of_strategy(found))
    return _table(f"{found.name}: {found.label}", _of_metric(found))


def _of_strategy(strategy: Strategy) -> dict[str, str]:
    configured = f"resampling.strategy: {strategy.name}"
    if strategy.name == "auto":
        return {"shown by": "counterpoise advise CONFIG", "configure": configured}
    return {
        "effect": _EFFECTS[strategy.family],
        "reads": _READS[strategy.sees],
        "draws": "by the seed" if strategy.chance else "nothing: the same rows with any seed",
        "too few": strategy.why_missed,
        "options": "; ".join(_options(strategy.options)) or "none",
        "configure": configured,
    }


def _options(model: type[BaseModel]) -> list[str]:
    """Return each option with the values that it takes and its default."""
    properties = model.model_json_schema()["properties"] if model.model_fields else {}
    return [f"{name} ({_values(one)}; {one.get('default')} by default)" for name, one in properties.items()]


def _values(option: dict[str, object]) -> str:
    """Return the values that an option takes, from its JSON schema."""
    choices = option.get("enum")
    if isinstance(choices, list):
        return ", ".join(map(str, choices))
    parts = option.get("anyOf")
    if isinstance(parts, list):
        return " or ".join(_values(part) for part in parts)
    bounds = [
        f"{words} {option[name]}"
        for name, words in (
            ("minimum", "from"), ("exclusiveMinimum", "above"), ("maximum", "to"), ("exclusiveMaximum", "below"),
        )
        if name in option
    ]  # fmt: skip
    return " ".join([str(option.get("const", option.get("type", "any value"))), *bounds])


def _of_metric(metric: Metric) -> dict[str, str]:
    shares = ClassShares(classes=2, mean=0.01, largest=0.99)
    settings = [setting for place, setting in _SETTINGS.items() if place in metric.shown]
    chance = f"{metric.chance_with(shares):g} with 1 % of positives" if metric.chance else ""
    return {
        "range": f"{metric.least:g} to {metric.most:g}, {metric.better} is better",
        "chance": chance,
        "undefined": metric.undefined,
        "compare": "at equal prevalence only" if metric.equal_prevalence else "at any prevalence",
        "configure": ", ".join([*settings, *(["promotion.metric"] if metric.promotes else [])]),
    }


def _table(title: str, facts: dict[str, str]) -> str:
    lines = textwrap.wrap(title, _WIDTH)
    for name, fact in facts.items():
        first = f"  {name}".ljust(_INDENT)
        if fact:
            lines += textwrap.wrap(fact, _WIDTH, initial_indent=first, subsequent_indent=" " * _INDENT)
    return "\n".join(lines)
