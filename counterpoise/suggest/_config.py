"""Propose a first configuration for a source, with reasons."""

from __future__ import annotations

import glob
from collections.abc import Collection, Sequence
from pathlib import Path

from counterpoise.config import BalanceConfig, ColumnsConfig, SourceConfig
from counterpoise.ingest import source_formats
from counterpoise.records import Snapshot
from counterpoise.suggest._balance import describe_classes, propose_resampling, rare_classes_comment
from counterpoise.suggest._leaks import find_leaks
from counterpoise.suggest._notations import with_notations
from counterpoise.suggest._profile import ColumnSummary, profile_columns
from counterpoise.table import Labels, SnapshotReader, read_labels

Comments = dict[str, str]

_MANY_IN_A_GROUP = 0.9
_MANY_VALUES = 0.05


def propose_config(
    snapshot: Snapshot, *, source: SourceConfig, target: str, name: str
) -> tuple[BalanceConfig, Comments]:
    """Propose a configuration for a snapshot, with comments by field path such as `columns.ids`.

    The strategy is left at its default: see `with_resampling`.

    If tokens for missing values or notations are found, the proposed `source` differs from the given one: ingest the
    source again before any further profiling, because column types may change.

    Args:
        snapshot: The ingested source.
        source: The settings it was read with.
        target: The label column.
        name: The dataset's name.

    Raises:
        ColumnNotFoundError: The target is not in the snapshot.
    """
    labels = read_labels(SnapshotReader(snapshot), target)
    profiles = [profile for profile in profile_columns(snapshot) if profile.name != target]
    columns, comments = _propose_columns(profiles, target, {each.name for each in snapshot.unread})
    excluded = {*columns.key_columns(), *columns.drop}
    features = [profile for profile in profiles if profile.name not in excluded]
    source, about_source = _propose_source(source, snapshot, features)
    source, about_notations = with_notations(source, snapshot.unread)
    comments |= about_source | about_notations | _about_split(columns, source)
    comments |= _about_classes(snapshot, labels, features)
    return BalanceConfig.model_validate({"name": name, "source": source, "columns": columns}), comments


def with_resampling(
    config: BalanceConfig, comments: Comments, snapshot: Snapshot, *, folder: Path
) -> tuple[BalanceConfig, Comments]:
    """Return a proposed configuration with the strategy that cross-validation within train supports.

    Args:
        config: The proposal, which fits the snapshot.
        comments: Its comments.
        snapshot: The ingested source.
        folder: A working area.
    """
    proposal = propose_resampling(config, snapshot, folder=folder)
    return config.model_copy(update={"resampling": proposal.resampling}), comments | proposal.comments


def _propose_columns(
    profiles: Sequence[ColumnSummary], target: str, values: Collection[str]
) -> tuple[ColumnsConfig, Comments]:
    """Propose the roles of columns; those whose texts look like values are features."""
    empty = [profile.name for profile in profiles if profile.present == 0]
    named = [profile for profile in profiles if profile.present and profile.name not in values]
    ids = [profile.name for profile in named if _is_identifier(profile)]
    times = [profile.name for profile in profiles if profile.present and profile.is_time and profile.name not in ids]
    if len(empty) + len(ids) + len(times[:1]) >= len(profiles):
        ids, times = [], []
    comments = {}
    if ids:
        comments["columns.ids"] = "Identifiers: all values are unique, or there are many and the name suggests it."
    if empty:
        comments["columns.drop"] = "Columns without values."
    if times:
        more = f" Still features: {', '.join(times[1:])}." if times[1:] else ""
        comments["columns.time"] = f"The time of the event; kept in keys/, not among the features.{more}"
    if repeated := [profile.name for profile in profiles if _may_be_a_group(profile)]:
        moved = ", instead of ids" if repeated[0] in ids else ""
        comments["columns.group"] = (
            f"If rows of one {repeated[0]!r} belong together, set group to it{moved}: they then stay in one partition."
        )
    return ColumnsConfig(target=target, ids=tuple(ids), time="".join(times[:1]), drop=tuple(empty)), comments


def _is_identifier(profile: ColumnSummary) -> bool:
    whole = profile.is_number and not profile.type.equals("double") and profile.is_named_like_an_id
    if profile.is_unique:
        return profile.is_text or profile.is_sequence or whole
    many = profile.distinct > _MANY_VALUES * profile.present
    return profile.is_named_like_an_id and many and (profile.is_text or whole)


def _may_be_a_group(profile: ColumnSummary) -> bool:
    return profile.is_named_like_an_id and 1 < profile.distinct <= _MANY_IN_A_GROUP * profile.present


def _propose_source(
    source: SourceConfig, snapshot: Snapshot, features: Sequence[ColumnSummary]
) -> tuple[SourceConfig, Comments]:
    """Propose the missing-value tokens found in texts, if the source's format can contain them."""
    known = source_formats().get(snapshot.format)
    found: dict[str, str] = {}
    for profile in features if source.path and known and "missing_values" in known.options else ():
        for token in profile.tokens:
            found.setdefault(token, profile.name)
    new = [token for token in found if token not in source.missing_values]
    if not new:
        return source, {}
    shown = ", ".join(f"{token!r} (in {found[token]!r})" for token in new)
    values = {**dict(source), "missing_values": (*source.missing_values, *new)}
    return SourceConfig(**values), {"source.missing_values": f"Found among the features: {shown}."}


def _about_split(columns: ColumnsConfig, source: SourceConfig) -> Comments:
    """Suggest another split if it may fit better; only the user knows the purpose of the rows."""
    advice = []
    if columns.time:
        advice.append("time, with windows and a delay for late labels, if the model will be applied to later rows")
    if glob.has_magic(source.path) or not Path(source.path).suffix:  # several files, a folder or a database
        advice.append("stable if the source grows and its rows should keep their partitions")
    return {"split.method": f"Drawn by class. Set {'; '.join(advice)}."} if advice else {}


def _about_classes(snapshot: Snapshot, labels: Labels, features: Sequence[ColumnSummary]) -> Comments:
    if not labels.classes:
        return {"columns.target": "No row has a label."}
    counts = labels.counts()
    unlabelled = snapshot.rows - sum(counts.values())
    missing = f" Rows without a label are rejected: {unlabelled:,}." if unlabelled else ""
    comments = {"columns.target": describe_classes(counts) + missing}
    if rare := rare_classes_comment(counts):
        comments["split.rare_classes"] = rare
    if leaks := find_leaks(snapshot, labels, features):
        shown = "; ".join(f"{name}: {reason}" for name, reason in leaks.items())
        comments["columns"] = f"Check these: if they are known only after the fact, add them to drop. {shown}."
    return comments
