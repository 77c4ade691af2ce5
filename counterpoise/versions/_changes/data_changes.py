"""Compare the data of two versions by their manifests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from counterpoise.persist import Manifest
from counterpoise.records import ClassCounts
from counterpoise.results import ClassChange, ConfigChange, Counts, DataChanges, Ratios


def compare_data(before: Manifest, after: Manifest) -> DataChanges:
    """Return the changes in source, classes, train, strategy and configuration.

    Args:
        before: The manifest of the earlier version.
        after: The manifest of the later one.
    """
    manifests = before, after
    trains = [manifest.partitions["train"].classes for manifest in manifests]
    return DataChanges(
        source_rows=Counts(before=before.source.rows, after=after.source.rows),
        same_source=before.source.digest == after.source.digest,
        classes=_compare_classes([_source_classes(manifest) for manifest in manifests], trains),
        train_rows=Counts(before=sum(trains[0].values()), after=sum(trains[1].values())),
        train_imbalance=Ratios(before=_imbalance(trains[0]), after=_imbalance(trains[1])),
        strategy_before=before.resampling.strategy,
        strategy_after=after.resampling.strategy,
        config=compare_configs(before.config, after.config),
    )


def compare_configs(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[ConfigChange, ...]:
    """Return the fields that differ, in the order of the later configuration.

    >>> compare_configs({"seed": 0, "split": {"test_size": 0.2}}, {"seed": 0, "split": {"test_size": 0.3}})
    (ConfigChange(path='split.test_size', before=0.2, after=0.3),)
    """
    then, now = dict(_leaves(before)), dict(_leaves(after))
    return tuple(
        ConfigChange(path=path, before=then.get(path), after=now.get(path))
        for path in {**now, **then}
        if then.get(path) != now.get(path)
    )


def _leaves(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _source_classes(manifest: Manifest) -> ClassCounts:
    """Return the rows by class over all partitions before resampling."""
    partitions = manifest.partitions
    classes: ClassCounts = {}
    for part in (manifest.resampling.before, *(partitions[name].classes for name in ("validation", "test"))):
        for name, rows in part.items():
            classes[name] = classes.get(name, 0) + rows
    return classes


def _compare_classes(sources: list[ClassCounts], trains: list[ClassCounts]) -> tuple[ClassChange, ...]:
    names = sorted({name for counts in (*sources, *trains) for name in counts})
    changes = [
        ClassChange(
            name=name,
            source_rows=_rows(sources, name),
            source_share=_shares(sources, name),
            train_rows=_rows(trains, name),
            train_share=_shares(trains, name),
        )
        for name in names
    ]
    return tuple(sorted(changes, key=_largest_change))


def _largest_change(change: ClassChange) -> tuple[float, float]:
    """Return the sort key of a class: the largest change of share first, ties by the rarer class."""
    share = change.source_share
    return -round(abs(share.after - share.before), 9), share.after


def _rows(counts: list[ClassCounts], name: str) -> Counts:
    return Counts(before=counts[0].get(name, 0), after=counts[1].get(name, 0))


def _shares(counts: list[ClassCounts], name: str) -> Ratios:
    before, after = (part.get(name, 0) / max(1, sum(part.values())) for part in counts)
    return Ratios(before=before, after=after)


def _imbalance(classes: ClassCounts) -> float:
    rows = [count for count in classes.values() if count]
    return max(rows) / min(rows) if rows else 1.0
