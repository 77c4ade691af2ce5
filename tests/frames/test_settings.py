"""Each setting of a frame function has an effect, or is refused by name."""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any

import imblearn
import numpy as np
import pandas as pd
import pytest
from imblearn.base import BaseSampler
from pydantic import BaseModel

from counterpoise.config import BalanceConfig, SplitConfig
from counterpoise.errors import ConfigError, CounterpoiseError
from counterpoise.frames import balance_frame
from counterpoise.strategies import STRATEGIES
from tests.frames.kinds import frame_of

ROWS = 400
HEEDED = {
    "columns.ids": ["given"],
    "columns.group": "group",
    "columns.time": "at",
    "columns.drop": ["given"],
    "columns.categorical": ["given"],
    "split.test_size": 0.4,
    "split.validation_size": 0.4,
    "split.duplicates": "ignore",
    "resampling.ratio": 0.5,
    "resampling.class_ratios": {"True": 0.4},
    "resampling.k_neighbors": 1,
    "resampling.scale": False,
    "resampling.grid": False,
    "source.missing_labels": ["nein"],
    "source.label_spellings": "merge",
    "source.notations": {"price": "1.234,56"},
    "validation.max_rejected": 0.0,
    "output.rows": "synthetic",
}
"""Settings that change the rows of `data` one by one, and a value for each."""

IN_OTHER_TESTS = {
    "columns.time_unit", "columns.time_zone", "split.method", "split.salt", "split.gap", "split.train",
    "split.validation", "split.test", "split.delay", "split.known_positives", "split.rare_classes",
    "resampling.too_few_neighbors", "resampling.neighbor_search", "resampling.memory_limit", "resampling.options",
    "validation.suite", "validation.on_invalid_rows", "evaluation.positive_class", "evaluation.learners",
    "evaluation.max_train_rows", "evaluation.cost_column",
}  # fmt: skip
"""Settings that go to the same stages as in a run and need special rows, or `auto`, to show it."""


def data() -> pd.DataFrame:
    numbers = np.arange(ROWS)
    labels = pd.Series(np.where(numbers % 5 == 0, "ja", "nein")).where(numbers != 7, None)
    frame = frame_of(pd.Series(np.random.default_rng(3).integers(0, 50, ROWS) * 1.0), label=labels)
    frame["z"] = frame["x"] * 100 + np.random.default_rng(4).normal(size=ROWS)
    frame = frame.assign(
        price=[f"{number},5" for number in numbers], group=numbers // 4, at=pd.date_range("2024", periods=ROWS)
    )
    return frame.iloc[np.where(numbers % 9, numbers, 9)]


def leaves() -> dict[str, Any]:
    """Return every setting with its default."""
    return {
        f"{section}.{name}": field.default
        for section, outer in BalanceConfig.model_fields.items()
        if isinstance(outer.annotation, type) and issubclass(outer.annotation, BaseModel)
        for name, field in outer.annotation.model_fields.items()
    }


def given(setting: str, value: Any) -> dict[str, Any]:
    section, name = setting.split(".")
    return {section: {name: value}}


@pytest.mark.parametrize("setting", [name for name in leaves() if name not in {*HEEDED, *IN_OTHER_TESTS}])
def test_a_setting_without_effect_is_refused_by_its_name(setting: str) -> None:
    with pytest.raises(ConfigError, match="setting_not_of_frames") as caught:
        balance_frame(data(), target="label", **given(setting, leaves()[setting]))
    named = caught.value.values["settings"]
    assert named in ([setting], [setting.split(".", maxsplit=1)[0]])
    assert named[0] in caught.value.remedy


@pytest.mark.parametrize("setting", HEEDED)
def test_a_setting_that_is_accepted_changes_the_result(setting: str) -> None:
    spelt_twice = setting == "source.label_spellings"
    assert plain_outcome(spelt_twice) != outcome(as_given(spelt_twice), **given(setting, HEEDED[setting]))


def as_given(spelt_twice: bool) -> pd.DataFrame:
    """Return the data, where asked for with a class that is spelt in two ways."""
    frame = data()
    if spelt_twice:
        frame["label"] = frame["label"].where(np.arange(ROWS) % 2 > 0, "JA")
    return frame


@cache
def plain_outcome(spelt_twice: bool) -> str:
    return outcome(as_given(spelt_twice))


def outcome(frame: pd.DataFrame, **sections: Any) -> str:
    """Return everything that a call returns, or why it refuses."""
    try:
        balanced = balance_frame(frame, target="label", strategy="smote", **sections)
    except CounterpoiseError as error:  # a refusal is an effect
        return repr(error)
    parts = (getattr(balanced, name) for name in ("train", "validation", "test", "rejected"))
    return "".join(part.to_csv() for part in (*parts, *balanced.keys.values()))


def test_settings_that_stand_for_arguments_name_these() -> None:
    with pytest.raises(ConfigError, match="target="):
        balance_frame(data(), target="label", columns={"target": "x"})
    with pytest.raises(ConfigError, match="strategy="):
        balance_frame(data(), target="label", resampling={"strategy": "smote"})
    with pytest.raises(ConfigError, match="name"):
        balance_frame(data(), target="label", name="fraud")


def test_a_section_may_be_a_model() -> None:
    balanced = balance_frame(data(), target="label", split=SplitConfig(test_size=0.4))
    assert len(balanced.test) == pytest.approx(0.4 * ROWS, abs=2)


@pytest.mark.parametrize("section", ["columns", "source", "resampling", "split", "evaluation"])
def test_a_section_that_is_none_is_refused_by_its_name(section: str) -> None:
    with pytest.raises(ConfigError, match=section):
        balance_frame(data(), target="label", **{section: "time"})  # type: ignore[arg-type]


def samplers() -> list[str]:
    modules = (imblearn.over_sampling, imblearn.under_sampling, imblearn.combine)
    return sorted(
        name
        for module in modules
        for name, one in vars(module).items()
        if inspect.isclass(one) and issubclass(one, BaseSampler)
    )


@pytest.mark.parametrize("name", samplers())
def test_a_sampler_of_imbalanced_learn_is_answered_with_our_name(name: str) -> None:
    with pytest.raises(ConfigError, match="did you mean") as caught:
        balance_frame(data(), target="label", strategy=name)  # type: ignore[arg-type]
    ours = caught.value.found.rsplit("did you mean ", 1)[1].split("?")[0]
    assert ours in STRATEGIES
    assert ours.replace("_", "") == name.lower().removesuffix("sampler")


def test_an_object_of_imbalanced_learn_is_answered_with_our_name() -> None:
    with pytest.raises(ConfigError, match=r"did you mean smote[?]"):
        balance_frame(data(), target="label", strategy=imblearn.over_sampling.SMOTE())


@pytest.mark.parametrize(
    ("word", "value", "ours"),
    [
        ("sampling_strategy", 0.5, "resampling.ratio"),
        ("random_state", 7, "seed"),
        ("k_neighbors", 3, "resampling.k_neighbors"),
        ("ratio", 0.5, "resampling.ratio"),
        ("test_size", 0.3, "split.test_size"),
        ("ids", ["given"], "columns.ids"),
    ],
)
def test_a_word_of_imbalanced_learn_is_answered_with_ours(word: str, value: Any, ours: str) -> None:
    with pytest.raises(ConfigError, match=f"did you mean {ours}"):
        balance_frame(data(), target="label", **{word: value})
    section, _, name = ours.rpartition(".")
    answered = {section: {name: value}} if section else {name: value}
    assert len(balance_frame(data(), target="label", **answered).test)


def test_a_word_of_imbalanced_learn_in_its_section_is_answered_with_ours() -> None:
    for word, ours in (("sampling_strategy", "resampling.ratio"), ("random_state", "seed")):
        with pytest.raises(ConfigError, match=f"did you mean {ours}"):
            balance_frame(data(), target="label", resampling={word: 1})


def test_auto_heeds_the_settings_of_its_trial() -> None:
    of_trial = {
        "evaluation.max_train_rows": 1000,
        "evaluation.learners": ["random_forest"],
        "evaluation.positive_class": "ja",
        "evaluation.cost_column": "x",
    }
    for setting, value in of_trial.items():
        with pytest.raises(ConfigError, match="auto"):
            balance_frame(data(), target="label", **given(setting, value))
    balanced = balance_frame(data(), target="label", strategy="auto", evaluation={"learners": ["random_forest"]})
    assert balanced.resampling.choice is not None


def test_a_positive_class_counts_where_known_positives_are_dropped_and_must_exist() -> None:
    roles: dict[str, Any] = {
        "columns": {"time": "at", "group": "group"},
        "split": {"method": "time", "known_positives": "drop"},
    }
    parts = [
        balance_frame(data(), target="label", evaluation={"positive_class": name}, **roles) for name in ("ja", "nein")
    ]
    assert parts[0].rejected["source_row"].tolist() != parts[1].rejected["source_row"].tolist()
    with pytest.raises(CounterpoiseError, match="positive_class"):
        balance_frame(data(), target="label", evaluation={"positive_class": "vielleicht"}, **roles)
    with pytest.raises(CounterpoiseError, match="positive_class"):
        balance_frame(data(), target="label", evaluation={"positive_class": "vielleicht"}, strategy="auto")


def test_ratios_by_class_take_the_labels_of_the_frame() -> None:
    frame = data().assign(label=lambda given: given["label"] == "ja")
    balanced = balance_frame(frame, target="label", resampling={"ratio": {True: 0.5}})
    counts = balanced.train["label"].value_counts()
    assert counts[True] == pytest.approx(counts[False] / 2, abs=1)


def test_columns_that_stay_texts_are_said_in_the_notes() -> None:
    balanced = balance_frame(data(), target="label")
    assert any("'price' is kept as text" in note for note in balanced.notes)
    read = balance_frame(data(), target="label", source={"notations": {"price": "1.234,56"}})
    assert read.train["price"].dtype == "float64"
    assert not any("price" in note for note in read.notes)
