"""The settings of `balance_frame`: each has an effect, or is refused by name."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from counterpoise.config import BalanceConfig, ColumnsConfig, ResamplingConfig, SplitConfig, build_config
from counterpoise.errors import ConfigError
from counterpoise.table import class_name

_OF_THE_TRIAL = ("learners", "max_train_rows", "cost_column")
_HEEDED: Mapping[str, frozenset[str]] = {
    "columns": frozenset(ColumnsConfig.model_fields) - {"target"},
    "split": frozenset(SplitConfig.model_fields),
    "resampling": frozenset(ResamplingConfig.model_fields) - {"strategy"},
    "source": frozenset({"missing_labels", "label_spellings", "notations"}),
    "validation": frozenset({"suite", "on_invalid_rows", "max_rejected"}),
    "evaluation": frozenset({"positive_class", *_OF_THE_TRIAL}),
    "output": frozenset({"rows"}),
}
"""The settings that have an effect on frames, by section."""

_INSTEAD = {
    "columns.target": "give it as target=...",
    "resampling.strategy": "give it as strategy=...",
    "source.types": "convert the columns of the frame, for example by .astype({'zip': str})",
    "source.missing_values": "replace these values in the frame, for example by .replace('NA', None)",
}


def frame_config(
    labels: Mapping[Hashable, str], sections: Mapping[str, Any], *, target: Hashable, strategy: str, seed: int
) -> BalanceConfig:
    """Return the configuration of a call.

    Args:
        labels: The names of columns as texts, by their labels in the frame.
        sections: Settings by section.
        target: The label of the label column in the frame.
        strategy: The resampling strategy.
        seed: The seed.

    Raises:
        ConfigError: A setting is unknown, invalid, or has no effect on frames.
    """
    given = {name: _fields(section) for name, section in sections.items()}
    _check_heeded(given, strategy)
    if isinstance(resampling := given.get("resampling"), Mapping):
        given["resampling"] = {name: _by_class(value) for name, value in resampling.items()}
    given |= {name: _named(given[name], labels) for name in ("columns", "source", "evaluation") if name in given}
    ours = {
        "source": {"path": "frame.arrow"},
        "columns": {"target": _named(target, labels)},
        "resampling": {"strategy": strategy},
    }
    for name, fields in ours.items():
        section = given.get(name, {})
        given[name] = {**section, **fields} if isinstance(section, Mapping) else section
    return build_config({**given, "name": "frame", "seed": seed})


def _fields(section: Any) -> Any:
    if isinstance(section, BaseModel):
        return section.model_dump(exclude_unset=True)
    return dict(section) if isinstance(section, Mapping) else section


def _check_heeded(given: Mapping[str, Any], strategy: str) -> None:
    known, idle = {*BalanceConfig.model_fields}, set(_OF_THE_TRIAL) if strategy != "auto" else set()
    split = given.get("split")
    if idle and not (isinstance(split, Mapping) and split.get("known_positives") == "drop"):
        idle.add("positive_class")
    ignored = [
        place for section, fields in given.items() if section in known for place in _ignored(section, fields, idle)
    ]
    if not ignored:
        return
    raise ConfigError(
        "setting_not_of_frames",
        expected="settings that have an effect on frames: " + ", ".join(_heeded()),
        found=", ".join(ignored),
        remedy="; ".join(f"{place}: {_INSTEAD.get(place, _general(place))}" for place in ignored),
        values={"settings": ignored},
    )


def _general(place: str) -> str:
    if place.partition(".")[2] in _HEEDED.get(place.partition(".")[0], ()):
        return "leave it out, or choose strategy='auto', which heeds it"
    return "leave it out; a run of a configuration heeds it (counterpoise run)"


def _ignored(section: str, fields: Any, idle: Collection[str]) -> Iterator[str]:
    if section not in _HEEDED:
        yield section
        return
    for name in fields if isinstance(fields, Mapping) else ():
        place = f"{section}.{name}"
        known = name in BalanceConfig.model_fields[section].annotation.model_fields  # type: ignore[union-attr]
        if known and (name not in _HEEDED[section] or (section == "evaluation" and name in idle)):
            yield place


def _heeded() -> Iterator[str]:
    for section, fields in _HEEDED.items():
        every = len(fields) > 5
        yield from (section,) if every else (f"{section}.{name}" for name in sorted(fields))


def _by_class(value: Any) -> Any:
    """Return ratios by class with the names that classes have in the engine, such as true for True."""
    return {class_name(each): ratio for each, ratio in value.items()} if isinstance(value, Mapping) else value


def _named(value: Any, labels: Mapping[Hashable, str]) -> Any:
    """Return settings with the labels of columns replaced by their names as texts."""
    if isinstance(value, Mapping):
        return {_named(key, labels): _named(each, labels) for key, each in value.items()}
    try:
        if value in labels:
            return labels[value]
    except TypeError:  # a list is no label
        pass
    if isinstance(value, list | tuple | set | frozenset):
        return [_named(each, labels) for each in value]
    return value
