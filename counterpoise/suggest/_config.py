"""Propose a first configuration for a source, with reasons."""

from __future__ import annotations

import glob
from collections.abc import Collection, Sequence
from pathlib import Path

from counterpoise.config import BalanceConfig, ColumnsConfig, SourceConfig, SplitConfig
from counterpoise.records import Snapshot
from counterpoise.suggest._balance import describe_classes, propose_resampling, rare_classes_comment
from counterpoise.suggest._entities import entity_of, find_entities
from counterpoise.suggest._hints import constants, revealing
from counterpoise.suggest._missing import with_missing_values
from counterpoise.suggest._notations import with_notations
from counterpoise.suggest._profile import ColumnSummary, profile_columns
from counterpoise.table import Labels, SnapshotReader, read_labels

Comments = dict[str, str]

_MANY_IN_A_GROUP = 0.9
_MANY_VALUES = 0.05
_SHOWN = 4


def propose_config(
    snapshot: Snapshot, given: BalanceConfig, *, changing: Collection[str] = ()
) -> tuple[BalanceConfig, Comments]:
    """Propose a configuration for a snapshot, with comments by field path such as `columns.ids`.

    The strategy is left as given: see `with_resampling`. Roles of columns that are given are kept.

    If texts for missing values or notations are found, the proposed `source` differs from the given one: ingest the
    source again before any further profiling, because column types may change.

    Args:
        snapshot: The ingested source.
        given: What is decided: the name, the source as it was read, the label column, and settings of the user's own.
        changing: Columns of numbers with a few texts among them, which the source declares as texts.

    Raises:
        ColumnNotFoundError: The target is not in the snapshot.
    """
    target = given.columns.target
    labels = read_labels(SnapshotReader(snapshot), target)
    profiles = [profile for profile in profile_columns(snapshot) if profile.name != target]
    columns, comments = _propose_columns(profiles, given, snapshot)
    excluded = {*columns.key_columns(), *columns.drop}
    features = [profile for profile in profiles if profile.name not in excluded]
    source, about_source = with_missing_values(given.source, snapshot, features, changing)
    source, about_notations = with_notations(source, snapshot.unread)
    split, about_rare = _propose_split(given.split, labels)
    comments |= about_source | about_notations | _about_split(columns, source) | about_rare
    comments |= _about_classes(snapshot, labels, target, features)
    return given.model_copy(update={"source": source, "columns": columns, "split": split}), comments


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
    if proposal.refusal and "columns.group" in comments and config.columns.group:
        alone = without_group(config)
        again = propose_resampling(alone, snapshot, folder=folder / "alone")
        if not again.refusal:
            about = f"{comments['columns.group']} Not set, because then the split needs {proposal.refusal}."
            config, comments, proposal = alone, comments | {"columns.group": about}, again
    return config.model_copy(update={"resampling": proposal.resampling}), comments | proposal.comments


def without_group(config: BalanceConfig) -> BalanceConfig:
    """Return a configuration whose group is an identifier."""
    columns = config.columns
    alone = columns.model_copy(update={"ids": (*columns.ids, columns.group), "group": ""})
    return config.model_copy(update={"columns": alone})


def _propose_columns(
    profiles: Sequence[ColumnSummary], given: BalanceConfig, snapshot: Snapshot
) -> tuple[ColumnsConfig, Comments]:
    """Propose the roles of columns; those whose texts look like values are features."""
    decided = given.columns
    values = {each.name for each in snapshot.unread}
    free = [profile for profile in profiles if profile.name not in {*decided.key_columns(), *decided.drop}]
    empty = [profile.name for profile in free if profile.present == 0]
    named = [profile for profile in free if profile.present and profile.name not in values]
    group, comments = _propose_group(named, given, snapshot)
    named = [profile for profile in named if profile.name != group]
    ids = [profile.name for profile in named if _is_identifier(profile)]
    times = [profile.name for profile in named if profile.is_time and profile.name not in ids]
    if len(empty) + len(ids) + len(times[:1]) + bool(group) >= len(free):
        ids, times, group, comments = [], [], "", {}
    if ids:
        comments["columns.ids"] = "Identifiers: all values are unique, or there are many and the name suggests it."
    if empty:
        comments["columns.drop"] = "Columns without values."
    if times:
        more = f" Still features: {', '.join(times[1:])}." if times[1:] else ""
        comments["columns.time"] = f"The time of the event; kept in keys/, not among the features.{more}"
    proposed = {"ids": tuple(ids), "group": group, "time": "".join(times[:1]), "drop": tuple(empty)}
    kept = {name: found for name, found in proposed.items() if name not in decided.model_fields_set}
    comments = {name: text for name, text in comments.items() if name.removeprefix("columns.") in kept}
    return decided.model_copy(update=kept), comments


def _propose_group(profiles: Sequence[ColumnSummary], given: BalanceConfig, snapshot: Snapshot) -> tuple[str, Comments]:
    """Propose the column that names what rows belong to, by content; one that only its name suggests is pointed out."""
    if given.columns.group or given.split.method == "time":
        return "", {}
    target, split = given.columns.target, given.split
    if entities := find_entities(snapshot, target, profiles):
        also = ", ".join(repr(entity.name) for entity in entities[1:_SHOWN])
        more = f" Likewise {also}." if also else ""
        return entities[0].name, {"columns.group": f"{entities[0].note(target, split)}.{more}"}
    for profile in profiles:
        if _may_be_a_group(profile):
            entity = entity_of(snapshot, profile.name)
            said = f"If rows of one {profile.name!r} belong together, set group to it, instead of ids: {{}}."
            return "", {"columns.group": said.format(entity.note(target, split))}
    return "", {}


def _propose_split(split: SplitConfig, labels: Labels) -> tuple[SplitConfig, Comments]:
    """Propose to keep classes in train that are too rare for every partition, unless the user has decided."""
    rare = rare_classes_comment(labels.counts())
    if not rare or "rare_classes" in split.model_fields_set:
        return split, {}
    choice = "reject" if split.method in ("stable", "time") else "train_only"
    return split.model_copy(update={"rare_classes": choice}), {"split.rare_classes": rare}


def _is_identifier(profile: ColumnSummary) -> bool:
    whole = profile.is_number and not profile.type.equals("double") and profile.is_named_like_an_id
    if profile.is_unique:
        return profile.is_text or profile.is_sequence or whole
    many = profile.distinct > _MANY_VALUES * profile.present
    return profile.is_named_like_an_id and many and (profile.is_text or whole)


def _may_be_a_group(profile: ColumnSummary) -> bool:
    return profile.is_named_like_an_id and 1 < profile.distinct <= _MANY_IN_A_GROUP * profile.present


def _about_split(columns: ColumnsConfig, source: SourceConfig) -> Comments:
    """Suggest another split if it may fit better; only the user knows the purpose of the rows."""
    advice = []
    if columns.time:
        advice.append("time, with windows and a delay for late labels, if the model will be applied to later rows")
    if glob.has_magic(source.path) or not Path(source.path).suffix:  # several files, a folder or a database
        advice.append("stable if the source grows and its rows should keep their partitions")
    return {"split.method": f"Drawn by class. Set {'; '.join(advice)}."} if advice else {}


def _about_classes(snapshot: Snapshot, labels: Labels, target: str, features: Sequence[ColumnSummary]) -> Comments:
    if not labels.classes:
        return {"columns.target": "No row has a label."}
    counts = labels.counts()
    unlabelled = snapshot.rows - sum(counts.values())
    missing = f" Rows without a label are rejected: {unlabelled:,}." if unlabelled else ""
    comments = {"columns.target": describe_classes(counts) + missing}
    told = [f"{hint.column}: {hint.note}" for hint in revealing(snapshot, target, labels, features)]
    about = (
        [f"Check these: if they are known only after the fact, add them to drop. {'; '.join(told)}."] if told else []
    )
    if fixed := [hint.column for hint in constants(features)]:
        about.append(f"One value in all rows: {', '.join(fixed)}.")
    if about:
        comments["columns"] = " ".join(about)
    return comments
