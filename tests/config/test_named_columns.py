"""Every setting that names a column is known by one list, so that the next one cannot be forgotten."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from counterpoise.config import BalanceConfig, build_config, named_columns
from counterpoise.errors import ConfigError

OTHER_TEXTS = {
    "name", "source.path", "source.url", "source.table", "source.query", "source.since", "source.until",
    "source.delimiter", "source.quote", "source.missing_values", "source.missing_labels", "source.encoding",
    "source.sheet", "source.sha256", "source.version",
    "columns.time_zone",
    "source.credentials_block", "validation.suite",
    "split.salt", "split.gap", "split.train", "split.validation", "split.test", "split.delay",
    "resampling.class_ratios", "resampling.memory_limit", "resampling.options", "output.root",
    "output.credentials_block", "evaluation.class_costs", "evaluation.positive_class", "tournament.strategies",
    "tournament.strategy", "tournament.learners", "tournament.test_window", "tournament.train_window",
    "tournament.step", "tournament.delay", "promotion.learner", "engine.address",
}  # fmt: skip
"""Texts that name no column. A new text is either added here, or gets the mark `ColumnUse` in the model."""

BASE: dict[str, Any] = {"name": "x", "source": {"path": "x.csv"}, "columns": {"target": "label", "drop": ["gone"]}}


def texts(model: type[BaseModel], at: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Yield the fields of a configuration that hold texts of the user, whatever they are for."""
    for name, info in model.model_fields.items():
        place = f"{at}.{name}".removeprefix(".")
        kind = info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from texts(kind, place)
        elif kind is str or str in typing.get_args(kind) or getattr(kind, "__name__", "") == "SecretStr":
            yield place, info


def test_every_text_of_the_configuration_is_known_to_name_columns_or_not() -> None:
    mark = type(next(named_columns(build_config(BASE))).use)
    marked = {place for place, info in texts(BalanceConfig) if any(isinstance(one, mark) for one in info.metadata)}
    every = {place for place, _ in texts(BalanceConfig)}
    assert marked >= {"columns.target", "evaluation.slices", "evaluation.cost_column", "validation.drift_ignore"}
    assert not marked & OTHER_TEXTS
    undecided = every - marked - OTHER_TEXTS
    assert not undecided, f"mark these fields with ColumnUse if they name columns, or add them here: {undecided}"


def test_what_settings_name_is_listed_with_its_place() -> None:
    config = build_config(
        {
            **BASE,
            "source": {"path": "x.csv", "types": {"a=b": "string"}},
            "columns": {"target": "label", "ids": ["id"], "group": "card"},
            "evaluation": {"slices": ["region", "id"], "cost_column": "amount"},
            "validation": {"drift_ignore": ["month"]},
        }
    )
    found = {one.field: one.names for one in named_columns(config)}
    assert found == {
        "source.types": ("a=b",),
        "columns.target": ("label",),
        "columns.ids": ("id",),
        "columns.group": ("card",),
        "validation.drift_ignore": ("month",),
        "evaluation.cost_column": ("amount",),
        "evaluation.slices": ("region", "id"),
    }


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("evaluation.slices=[label]", "evaluation.slices needs features or keys, but 'label' is neither"),
        ("evaluation.slices=[gone]", "'gone' is neither"),
        ("evaluation.cost_column=label", "evaluation.cost_column needs features or keys, but 'label' is neither"),
        ("evaluation.cost_column=card", "evaluation.cost_column needs amounts, but 'card' is columns.group"),
        ("evaluation.cost_column=day", "'day' is columns.time"),
    ],
)
def test_a_column_whose_role_does_not_fit_is_refused_before_anything_is_read(setting: str, told: str) -> None:
    values = {**BASE, "columns": {"target": "label", "drop": ["gone"], "group": "card", "time": "day"}}
    with pytest.raises(ConfigError, match=told):
        build_config(values, [setting])
