"""The drift suite: compare a delivery with the source of the last published version."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from counterpoise.config import BalanceConfig
from counterpoise.drift import (
    AddedRows,
    ColumnUnits,
    Distribution,
    FeatureProfile,
    LaterRows,
    SourceProfile,
    UnitEffects,
    UnitsOfBoth,
    find_growth,
)
from counterpoise.expectations.custom.added_rows import STRETCHES
from counterpoise.expectations.growth import all_new, growth_expectations
from counterpoise.expectations.registration import register_types
from counterpoise.records import Snapshot
from counterpoise.validate import Severity, Suite
from counterpoise.versions import Baseline, find_baseline

Expectation = dict[str, Any]

_ALPHA = 0.001
"""The probability that a run warns of drift by chance, over all its columns."""

_ALPHA_STOP = 0.000_025
"""The same for stopping: a nightly run mistakes chance for a broken feed once in a hundred years."""


_COUNTER = " It looks like a counter: if it counts rows or time, add it to columns.time, ids or drop."


@dataclass(frozen=True)
class _DriftLimits:
    """The limits beyond which a change counts as drift, or as a broken feed."""

    severity: Severity
    alpha: float
    stability: float
    missing: float
    present_factor: float
    effect: float
    factor: float
    fewest_rows: float
    most_rows: float


_DRIFTED = _DriftLimits(
    "warning",
    alpha=_ALPHA,
    stability=0.25,
    missing=0.05,
    present_factor=1.5,
    effect=0.1,
    factor=1.5,
    fewest_rows=0.75,
    most_rows=1.33,
)
_BROKEN = _DriftLimits(
    "critical",
    alpha=_ALPHA_STOP,
    stability=1.0,
    missing=0.5,
    present_factor=3.0,
    effect=0.5,
    factor=3.0,
    fewest_rows=0.6,
    most_rows=1.9,
)


def build_drift_suite(config: BalanceConfig, snapshot: Snapshot) -> Suite | None:
    """Return the suite that compares a delivery with the last published version.

    The result is None if there is no such version, if it was made from the same source, or if the configuration turns
    the comparison off.

    Raises:
        IntegrityError: The profile of the last version differs from the published one.
    """
    settings = config.validation
    if settings.drift == "off" and settings.schema_changes == "evolve":
        return None
    baseline = find_baseline(config)
    if baseline is None or baseline.digest == snapshot.digest:
        return None
    return suite_against(baseline, config, snapshot)


def suite_against(baseline: Baseline, config: BalanceConfig, snapshot: Snapshot) -> Suite:
    """Return the suite that compares a delivery with a version, as far as the configuration requires.

    Args:
        baseline: The version.
        config: The whole configuration.
        snapshot: The delivery.
    """
    expectations = tuple(_expectations(config, snapshot, baseline))
    register_types(expectations)
    return Suite(source="drift", baseline=baseline.version, expectations=expectations)


def _expectations(config: BalanceConfig, snapshot: Snapshot, baseline: Baseline) -> Iterator[Expectation]:
    yield from _schema(config, baseline)
    if config.validation.drift == "off":
        return
    profile, stop = baseline.profile, config.validation.drift == "stop"
    growth = find_growth(profile, snapshot, config.columns, by_key=config.split.method == "stable")
    added = growth.added if growth else ()
    compared = partial(
        drift_expectations,
        profile,
        target=config.columns.target,
        names=_compared_names(config, snapshot),
        among=1 + len(added),
        later=LaterRows.of(profile, snapshot, config.columns),
    )
    if growth:
        may_go = config.validation.earlier_rows == "may_go"
        yield from growth_expectations(growth, snapshot.rows, stop=stop, may_go=may_go)
        for rows in added:
            yield from compared(stop=stop and growth.by != "identifiers", added=rows)
    yield from compared(stop=stop, may_grow=growth is not None and all_new(growth))


def _compared_names(config: BalanceConfig, snapshot: Snapshot) -> set[str]:
    ignored = {*config.columns.drop, *config.columns.key_columns(), *config.validation.drift_ignore}
    return {column.name for column in snapshot.columns} - ignored


def _schema(config: BalanceConfig, baseline: Baseline) -> Iterator[Expectation]:
    """Yield the expectations that columns and kinds of values are the same as before; critical if frozen."""
    profile = baseline.profile
    kwargs = {
        "schema_before": {column.name: column.type for column in profile.columns},
        "ignore": sorted({*profile.unused, *config.columns.drop}),
    }
    remedy = (
        "fix the source, accept the change for this run with --set validation.schema_changes=evolve, or drop new "
        "columns with columns.drop"
    )
    yield _expectation(
        "expect_table_schema_to_stay",
        {**kwargs, "compare": "kinds"},
        severity="critical" if config.validation.schema_changes == "freeze" else "warning",
        notes=f"Columns and kinds of values are the same as in version {baseline.version}.",
        meta={"reason": "schema_changed", "remedy": remedy},
    )
    yield _expectation(
        "expect_table_schema_to_stay",
        {**kwargs, "compare": "exact"},
        severity="warning",
        notes=f"Types and order of the columns are exactly the same as in version {baseline.version}.",
    )


def drift_expectations(
    profile: SourceProfile,
    *,
    target: str,
    names: set[str],
    stop: bool,
    among: int = 1,
    may_grow: bool = False,
    added: AddedRows | None = None,
    later: LaterRows | None = None,
) -> Iterator[Expectation]:
    """Yield the expectations that rows, classes and values have not changed.

    Args:
        profile: The source before.
        target: The label column.
        names: The columns to compare; others may be missing or have another role now.
        stop: Whether changes so large that the feed is probably broken are critical; all others are warnings.
        among: The number of such comparisons in a run: one of the whole source, and one per place where rows were
            added.
        may_grow: Whether more rows are acceptable.
        added: The rows to compare, if not all.
        later: The units of the later rows; None if rows are independent.
    """
    units = None
    if profile.units is not None and later is not None:
        units = UnitsOfBoth(profile.units, later.among(None if added is None else added.stretches))
    for level in [_DRIFTED, _BROKEN] if stop else [_DRIFTED]:
        limits = replace(level, alpha=level.alpha / among)
        if added is None:
            yield _rows(profile, limits, may_grow=may_grow)
        scope = _Scope(profile if added is None else _of_files(profile), target, names, units)
        for expectation in _compared(scope, limits):
            yield expectation if added is None else _only(added, expectation)


@dataclass(frozen=True)
class _Scope:
    """The profile, label column and columns to compare, and the units of both deliveries."""

    profile: SourceProfile
    target: str
    names: set[str]
    units: UnitsOfBoth | None

    @property
    def classes(self) -> UnitEffects | None:
        """The effects of units on the shares of the classes."""
        return self.units.effects(self.units.before.classes) if self.units else None

    def of_column(self, name: str) -> dict[str, UnitEffects | None]:
        """Return the effects of units on a column, by the names of `ColumnUnits`."""
        if self.units is None:
            return {}
        found = self.units.before.columns.get(name, ColumnUnits())
        return {
            "values": self.units.effects(found.values, sampled=True),
            "missing": self.units.effects(found.missing),
            "minority": self.units.effects(found.minority, minority=True, sampled=True),
            "minority_missing": self.units.effects(found.minority_missing, minority=True),
        }


def _compared(scope: _Scope, limits: _DriftLimits) -> Iterator[Expectation]:
    """Yield the expectations that classes and values have not changed."""
    profile, same_label = scope.profile, scope.target == scope.profile.target
    if same_label:
        yield _with_units(_classes(profile, limits), scope.classes)
    columns = [column for column in profile.features if column.name in scope.names]
    alpha = limits.alpha / max(1, len(columns) * (4 if profile.minority else 2))
    for column in columns:
        units = scope.of_column(column.name)
        for kind, expectation in _column(column, limits, alpha):
            yield _with_units(expectation, units.get(kind))
        if same_label and profile.minority:
            for kind, expectation in _within_minority(column, profile, limits, alpha):
                yield _with_units(expectation, units.get(kind))


def _with_units(expectation: Expectation, units: UnitEffects | None) -> Expectation:
    """Return an expectation that knows the effects of units."""
    if units is None:
        return expectation
    return {**expectation, "kwargs": {**expectation["kwargs"], "units": units.model_dump()}}


def _of_files(profile: SourceProfile) -> SourceProfile:
    """Raise the profile's design effects, measured between stretches of rows, to at least those between its files."""

    def effect(of_stretches: float, of_a_file: float) -> float:
        return max(of_stretches, 1 + of_a_file / STRETCHES)

    def distribution(found: Distribution | None) -> Distribution | None:
        if found is None:
            return None
        return found.model_copy(update={"design_effect": effect(found.design_effect, found.of_a_file)})

    def column(found: FeatureProfile) -> FeatureProfile:
        changed = {
            "missing_effect": effect(found.missing_effect, found.missing_of_a_file),
            "minority_missing_effect": effect(found.minority_missing_effect, found.minority_missing_of_a_file),
            "distribution": distribution(found.distribution),
            "minority": distribution(found.minority),
        }
        return found.model_copy(update=changed)

    classes = effect(profile.classes_effect, profile.classes_of_a_file)
    return profile.model_copy(update={"classes_effect": classes, "features": tuple(map(column, profile.features))})


def _only(added: AddedRows, expectation: Expectation) -> Expectation:
    """Restrict an expectation to the added rows."""
    place = {"added": [list(stretch) for stretch in added.stretches], "part": added.name}
    return {**expectation, "kwargs": {**expectation["kwargs"], **place}}


def _rows(profile: SourceProfile, limits: _DriftLimits, *, may_grow: bool) -> Expectation:
    chance = 4 * math.sqrt(2 * profile.rows * (profile.units.all.size if profile.units else 1))
    low = max(0, int(min(profile.rows * limits.fewest_rows, profile.rows - chance)))
    high = int(max(profile.rows * limits.most_rows, profile.rows + chance)) + 1
    return _expectation(
        "expect_table_row_count_to_be_between",
        {"min_value": low} if may_grow else {"min_value": low, "max_value": high},
        severity=limits.severity,
        notes=f"There were {profile.rows:,} rows before; a truncated or doubled feed has far fewer or more.",
        meta=_refusal(limits, "row_count_changed"),
    )


def _classes(profile: SourceProfile, limits: _DriftLimits) -> Expectation:
    return _expectation(
        "expect_column_class_proportions_to_stay",
        {
            "column": profile.target,
            "baseline": profile.classes,
            "max_effect": limits.effect,
            "max_factor": limits.factor,
            "effect": profile.classes_effect,
            "alpha": limits.alpha / 2,
        },
        severity=limits.severity,
        notes="The classes have the same proportions as before.",
        meta=_refusal(limits, "classes_changed"),
    )


def _column(column: FeatureProfile, limits: _DriftLimits, alpha: float) -> Iterator[tuple[str, Expectation]]:
    """Yield the expectations that a column's values are distributed, and missing, as before."""
    if column.distribution and _is_checkable(column.distribution, limits):
        yield "values", _stability(column.name, column.distribution, limits, alpha=alpha)
    yield "missing", _missing(column.name, (column.missing, column.rows, column.missing_effect), limits, alpha=alpha)


def _within_minority(
    column: FeatureProfile, profile: SourceProfile, limits: _DriftLimits, alpha: float
) -> Iterator[tuple[str, Expectation]]:
    """Yield the same expectations for the rows of the minority class."""
    within = {"label": profile.target, "label_class": profile.minority}
    if column.minority and _is_checkable(column.minority, limits):
        yield "minority", _stability(column.name, column.minority, limits, alpha=alpha, **within)
    counts = column.minority_missing, column.minority_rows, column.minority_missing_effect
    yield "minority_missing", _missing(column.name, counts, limits, alpha=alpha, **within)


def _is_checkable(distribution: Distribution, limits: _DriftLimits) -> bool:
    """Return whether a column may fail at this severity: constants and counters can only cause warnings."""
    return limits.severity == "warning" or not (distribution.constant or distribution.counter)


def _stability(
    name: str, distribution: Distribution, limits: _DriftLimits, *, alpha: float, **within: str
) -> Expectation:
    bins = distribution.model_dump(mode="json", exclude_defaults=True)
    return _expectation(
        "expect_column_population_stability_index_to_be_at_most",
        {"column": name, "baseline": bins, "threshold": limits.stability, "alpha": alpha, **within},
        severity=limits.severity,
        notes=f"The values{_where(within)} are distributed as before." + (_COUNTER if distribution.counter else ""),
        meta=_refusal(limits, "distribution_changed"),
    )


def _missing(
    name: str, counts: tuple[int, int, float], limits: _DriftLimits, *, alpha: float, **within: str
) -> Expectation:
    return _expectation(
        "expect_column_missing_share_to_stay",
        {
            "column": name,
            "missing": counts[0],
            "rows": counts[1],
            "effect": counts[2],
            "max_difference": limits.missing,
            "max_factor": limits.present_factor,
            "rise_only": limits.severity == "critical",
            "alpha": alpha,
            **within,
        },
        severity=limits.severity,
        notes=f"The share of missing values{_where(within)} is the same as before.",
        meta=_refusal(limits, "missing_values_changed"),
    )


def _where(within: dict[str, str]) -> str:
    return f" of class {within['label_class']!r}" if within else ""


def _refusal(limits: _DriftLimits, reason: str) -> dict[str, str] | None:
    if limits.severity != "critical":
        return None
    remedy = (
        "fix the source; if the data has really changed, accept it with --set validation.drift=report; if a column "
        "changes naturally, such as a month, add it to validation.drift_ignore or columns.drop"
    )
    return {"reason": reason, "remedy": remedy}


def _expectation(
    kind: str, kwargs: dict[str, Any], *, severity: Severity, notes: str, meta: dict[str, str] | None = None
) -> Expectation:
    about = {"meta": {"counterpoise": meta}} if meta else {}
    return {"type": kind, "kwargs": kwargs, "severity": severity, "notes": notes, **about}
