"""Find features that seem to be other targets of the study that the label comes from."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import groupby

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from counterpoise.records import Snapshot
from counterpoise.suggest._profile import ColumnSummary
from counterpoise.table import Labels, SnapshotReader
from counterpoise.typing import Mask

_TARGET = re.compile(r"(?:^|_)(?:target|label|outcome|ground_?truth)s?(?:$|_)")
_NUMBERED = re.compile(r"\D*?(\d+)\D*")
_FEWEST_LEAKS = 2


def find_other_targets(
    snapshot: Snapshot, target: str, labels: Labels, profiles: Sequence[ColumnSummary], leaks: Collection[str]
) -> dict[str, str]:
    """Return the features that seem to be other targets of the same study, each with the reason.

    These are indicators of which exactly one is set in each row, the label being one of them; indicators that stand
    among several that give the label away; and columns whose name says so, such as `y2` beside `y1`.

    Args:
        snapshot: The data.
        target: The label column.
        labels: Its values.
        profiles: The features.
        leaks: The features that give the label away.
    """
    reader = SnapshotReader(snapshot)
    indicators = {each.name for each in profiles if _is_indicator(each)}
    found = dict.fromkeys(_named_alike(target, profiles), f"its name is like that of {target!r}")
    if leaks:
        runs = _runs(reader.schema.names, indicators)
        among = [name for run in runs if _is_of_targets(run, leaks) for name in run if name not in leaks]
        found |= dict.fromkeys(among, "it stands among others that do")
    for name in _alternatives(reader, target, labels, indicators):
        found[name] = f"exactly one of {target!r} and these is set in each row"
    return {name: reason for name, reason in found.items() if name not in leaks}


def _is_indicator(profile: ColumnSummary) -> bool:
    if profile.distinct != 2 or profile.missing:
        return False
    return pa.types.is_boolean(profile.type) or (
        profile.is_number and profile.quantiles[:: len(profile.quantiles) - 1] == (0, 1)
    )


def _runs(names: Sequence[str], chosen: Collection[str]) -> Iterator[list[str]]:
    """Yield the chosen columns that stand beside each other."""
    for inside, run in groupby(names, lambda name: name in chosen):
        if inside:
            yield list(run)


def _is_of_targets(run: Sequence[str], leaks: Collection[str]) -> bool:
    number = sum(name in leaks for name in run)
    return number >= _FEWEST_LEAKS and 2 * number >= len(run)


def _named_alike(target: str, profiles: Sequence[ColumnSummary]) -> list[str]:
    """Return the features that are named as targets, or as the target with another number if few are."""
    said = [each.name for each in profiles if _TARGET.search(each.name.lower().replace(" ", "_"))]
    numbered = _NUMBERED.fullmatch(target)
    if not numbered:
        return said
    start, end = target[: numbered.start(1)], target[numbered.end(1) :]
    series = re.compile(re.escape(start) + r"\d+" + re.escape(end))
    others = [each.name for each in profiles if series.fullmatch(each.name)]
    return [*said, *(others if 2 * len(others) < len(profiles) else [])]


def _alternatives(reader: SnapshotReader, target: str, labels: Labels, indicators: Collection[str]) -> list[str]:
    """Return the indicators of which, with the label, exactly one is set in each row."""
    if len(labels.classes) != 2 or (labels.codes < 0).any():
        return []
    rare = int(np.argmin(list(labels.counts().values())))
    positive = labels.codes == rare
    flags = {name: _flags(reader, name) for name in reader.schema.names if name in indicators}
    apart = {name for name, flag in flags.items() if not (flag & positive).any()}
    beside = [run for run in _runs(reader.schema.names, {*apart, target}) if target in run]
    for chosen in (apart, *({*run} - {target} for run in beside)):
        total = sum((flags[name].astype(np.int32) for name in chosen), positive.astype(np.int32))
        if len(chosen) > 1 and (total == 1).all():
            return [name for name in reader.schema.names if name in chosen]
    return []


def _flags(reader: SnapshotReader, name: str) -> Mask:
    column = reader.read_columns([name]).column(0)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return np.asarray(pc.equal(column.cast(pa.float64()), 1.0).to_numpy())
