"""Tell what a person would want to know of a table's features before a model is trained on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from counterpoise.config import BalanceConfig
from counterpoise.records import Snapshot
from counterpoise.suggest._entities import find_entities
from counterpoise.suggest._leaks import find_leaks
from counterpoise.suggest._other_targets import find_other_targets
from counterpoise.suggest._profile import ColumnSummary, profile_columns
from counterpoise.table import Labels, SnapshotReader, read_labels


@dataclass(frozen=True)
class Hint:
    """Something that a feature makes one ask.

    Attributes:
        column: The feature.
        reason: A short name: `constant_feature`, `reveals_label`, `other_target` or `rows_of_one_entity`.
        note: What was found, as a sentence part.
        remedy: What to do if it is so.
    """

    column: str
    reason: str
    note: str
    remedy: str


_DROP = "add it to columns.drop if it is known only after the fact"


def find_hints(snapshot: Snapshot, config: BalanceConfig) -> list[Hint]:
    """Return what the features of a configured dataset make one ask, in the order of reasons and columns.

    Args:
        snapshot: The data.
        config: The configuration, whose target is in the data.
    """
    columns = config.columns
    labels = read_labels(SnapshotReader(snapshot), columns.target)
    given = {columns.target, *columns.drop, *filter(None, (columns.group, columns.time))}
    profiles = [profile for profile in profile_columns(snapshot) if profile.name not in given]
    features = [profile for profile in profiles if profile.name not in columns.ids]
    hints = [*constants(features), *revealing(snapshot, columns.target, labels, features)]
    if not columns.group and config.split.method != "time":
        for entity in find_entities(snapshot, columns.target, profiles)[:1]:
            note = entity.note(columns.target, config.split)
            hints.append(Hint(entity.name, "rows_of_one_entity", note, "set columns.group to it"))
    return hints


def constants(features: Sequence[ColumnSummary]) -> Iterator[Hint]:
    """Yield the features that have one value in all rows."""
    for each in features:
        if each.distinct == 1 and not each.missing:
            yield Hint(each.name, "constant_feature", "it has one value in all rows", "add it to columns.drop")


def revealing(snapshot: Snapshot, target: str, labels: Labels, features: Sequence[ColumnSummary]) -> Iterator[Hint]:
    """Yield the features that give the label away, and those that seem to be other targets of the study."""
    leaks = find_leaks(snapshot, labels, features)
    for name, note in leaks.items():
        yield Hint(name, "reveals_label", note, _DROP)
    for name, note in find_other_targets(snapshot, target, labels, features, leaks).items():
        yield Hint(name, "other_target", f"perhaps another target of the study: {note}", _DROP)
