"""Synthetic rows: the review, arranged for tables and charts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from counterpoise.report._data import ReportData
from counterpoise.report._drawing.charts import Curve, Figure, distance_chart
from counterpoise.report._drawing.scatter import Series, scatter_chart
from counterpoise.report._markdown import table
from counterpoise.report._section import Section
from counterpoise.report._sections.told_apart import RuleRow, rule_rows, telling_warning, told_in_words
from counterpoise.results import (
    QUANTILES,
    ClassQuality,
    ColumnDrift,
    Projection,
    Reconstruction,
    ResampledOutcome,
    SyntheticQuality,
    SyntheticReview,
)
from counterpoise.text import count, markdown_cell, number, share, shown, signed

_CHARTS = 4
_DRIFTS = 12
_DRIFTS_IN_BRIEF = 5
_DRIFTS_OF_A_CLASS = 8
_BY_CHANCE = 0.05
_DRAWN = QUANTILES.index(0.95) + 1
_MEDIAN = QUANTILES.index(0.5)


@dataclass(frozen=True)
class ClassRow:
    """A class in the table: its record and its median distances, None if there are none."""

    record: ClassQuality
    synthetic_median: float | None
    real_median: float | None


@dataclass(frozen=True)
class DriftRow:
    """A column that drifted: its class, its record and a description of the change."""

    name: str
    record: ColumnDrift
    changed: str


@dataclass(frozen=True)
class LeftOut:
    """A rule that was not checked again: its columns and the reason."""

    expectation: str
    columns: tuple[str, ...]
    why: str


@dataclass(frozen=True)
class SyntheticView:
    """The data of the template."""

    quality: SyntheticQuality
    sentences: tuple[str, ...]
    told: tuple[str, ...]
    told_rules: tuple[RuleRow, ...]
    warning: str
    attacks: tuple[str, ...]
    no_anonymisation: str
    classes: tuple[ClassRow, ...]
    projections: tuple[Figure, ...]
    figures: tuple[Figure, ...]
    drifts: tuple[DriftRow, ...]
    rules: str
    broken: tuple[ResampledOutcome, ...]
    unanswered: tuple[ResampledOutcome, ...]
    passed: tuple[ResampledOutcome, ...]
    left_out: tuple[LeftOut, ...]


def synthetic_view(review: SyntheticReview) -> SyntheticView:
    """Arrange a review."""
    quality, asked = review.quality, [outcome for outcome in review.outcomes if not outcome.left_out]
    return SyntheticView(
        quality=quality,
        sentences=tuple(
            sentence for part in quality.classes[:1] if (sentence := nearness_in_words(part, name=shown(part.name, 40)))
        ),
        told=tuple(told_in_words(one) for one in quality.told_apart[:_CHARTS]),
        told_rules=rule_rows(quality)[:_DRIFTS],
        warning=telling_warning(review),
        no_anonymisation=NO_ANONYMISATION,
        attacks=tuple(attack_in_words(one, name=shown(one.name, 40)) for one in quality.reconstruction),
        classes=tuple(_class_row(part) for part in quality.classes),
        projections=tuple(_projections(quality.projection)) if quality.projection else (),
        figures=tuple(_figures(quality)),
        drifts=tuple(drift_rows(quality)),
        rules=rules_in_words(review),
        broken=review.broken,
        unanswered=tuple(outcome for outcome in asked if outcome.status in ("error", "nothing_checked")),
        passed=tuple(outcome for outcome in asked if outcome.status == "passed"),
        left_out=tuple(_left_out(review)),
    )


def _left_out(review: SyntheticReview) -> Iterator[LeftOut]:
    """Yield the omitted rules, one row for the same rule on several columns."""
    columns: dict[tuple[str, str], list[str]] = {}
    for outcome in review.outcomes:
        if outcome.left_out:
            columns.setdefault((outcome.expectation, outcome.notes), []).extend(outcome.columns)
    for (expectation, why), names in columns.items():
        yield LeftOut(expectation, tuple(dict.fromkeys(names)), why)


def nearness_in_words(part: ClassQuality, *, name: str) -> str:
    """Describe the nearest neighbours of a class's synthetic rows; return an empty text if they are unknown.

    Args:
        part: The class.
        name: Its name in the sentence.
    """
    near = part.nearer_to_another_class
    if near.synthetic is None or near.real is None:
        return ""
    return (
        f"Of the synthetic rows of class {name}, {share(near.synthetic)} are nearer to a real row of "
        f"another class than to one of their own; of the real rows of that class, {share(near.real)} are."
    )


NO_ANONYMISATION = (
    "Synthetic rows are no anonymisation: they are points between real rows, and from SMOTE's output alone published "
    "attacks reconstruct real rows of the minority (Ganev et al., SMOTE and Mirrors, arXiv 2510.15083)."
)


def attack_in_words(one: Reconstruction, *, name: str) -> str:
    """Return a sentence on what an attack computes from the synthetic rows of a class alone.

    Args:
        one: The result of the attack.
        name: The class in the sentence.
    """
    if not one.columns:
        return (
            f"Class {name}: lines through synthetic rows were not looked for, because fewer than three columns are "
            "precise enough. Other attacks may succeed."
        )
    precision = (
        f", {count(one.right)} of them rightly (precision {share(one.right / one.claims)})" if one.claims else ""
    )
    recall = f" (recall {share(one.found / one.real_rows)})" if one.real_rows else ""
    return (
        f"Class {name}: from {count(one.synthetic_rows)} synthetic rows alone, in {count(one.columns)} of "
        f"{count(one.of_columns)} numeric columns, an attack claims {count(one.claims)} rows of the source{precision}; "
        f"it finds {count(one.found)} of {count(one.real_rows)}{recall}."
    )


def rules_in_words(review: SyntheticReview) -> str:
    """Return a sentence on whether synthetic rows obey the rules of the source."""
    asked = [outcome for outcome in review.outcomes if not outcome.left_out]
    guilty = [outcome for outcome in review.broken if outcome.unexpected_synthetic]
    if not asked:
        return "No rule of the source applies to single rows."
    rules = f"the {count(len(asked))} rules that judge rows one by one" if len(asked) > 1 else "the one rule for rows"
    if not guilty:
        return f"No synthetic row was found to break {rules}."
    return f"Synthetic rows break {count(len(guilty))} of {rules}."


def drift_in_words(drift: ColumnDrift) -> str:
    """Describe the change in a column."""
    return "; ".join(_moved_numbers(drift) if drift.kind == "interpolated" else _moved_levels(drift)) or "–"


def _moved_numbers(drift: ColumnDrift) -> Iterator[str]:
    if drift.mean_difference is not None:
        yield f"mean moved by {signed(drift.mean_difference, 2)} standard deviations"
    if drift.spread_ratio is not None:
        yield f"standard deviation × {number(drift.spread_ratio, 2)}"
    if drift.missing_real or drift.missing_synthetic:
        yield _from_to("missing", drift.missing_real, drift.missing_synthetic)


def _moved_levels(drift: ColumnDrift) -> Iterator[str]:
    level = "missing" if drift.moved_level is None else shown(drift.moved_level, 30)
    yield _from_to(level, drift.moved_real, drift.moved_synthetic)
    if drift.levels_lost:
        levels = "level" if drift.levels_lost == 1 else "levels"
        examples = ", ".join(shown(level, 30) for level in drift.lost_examples[:3])
        more = ", …" if drift.levels_lost > 3 else ""
        yield f"{count(drift.levels_lost)} {levels} lost ({examples}{more}), {share(drift.lost_share)} of the real rows"


def _from_to(what: str, real: float, synthetic: float) -> str:
    return f"{what} {share(real)} → {share(synthetic)}"


def _class_row(part: ClassQuality) -> ClassRow:
    found = part.distances
    return ClassRow(part, _median(found.synthetic), _median(found.real))


def _median(quantiles: tuple[float, ...]) -> float | None:
    return quantiles[_MEDIAN] if quantiles else None


def _figures(quality: SyntheticQuality) -> Iterator[Figure]:
    """Yield the distances of synthetic and real rows to the nearest real row, for the first classes."""
    for place, part in enumerate(quality.classes[:_CHARTS]):
        known = [
            (part.distances.real, "natural", "real rows"),
            (part.distances.synthetic, "resampled", "synthetic rows"),
        ]
        curves = [
            Curve(np.column_stack([quantiles, QUANTILES])[:_DRAWN], arm, text)
            for quantiles, arm, text in known
            if quantiles
        ]
        medians = ", ".join(f"{number(_median(quantiles), 2)} for {text}" for quantiles, _, text in known)
        heading = f"Class {shown(part.name, 40)}"
        described = f"Distances to the nearest real row of the class. {heading}; the median is {medians}."
        yield Figure(heading, distance_chart(curves, name=f"distance-{place}", description=described))


def _projections(projection: Projection) -> Iterator[Figure]:
    """Yield a projection of synthetic and real rows for each class."""
    first, second = (share(value) for value in projection.explained_variance)
    titles = (f"first component, {first} of the variance", f"second component, {second}")
    for place, part in enumerate(projection.classes):
        known = (
            (part.others, "real rows of other classes", "dummy", "circle"),
            (part.synthetic, "synthetic rows", "resampled", "cross"),
            (part.own, "real rows of the class", "natural", "square"),
        )
        series = [Series(np.array(points), text, arm, shape) for points, text, arm, shape in known if points]
        kinds = ", ".join(one.text for one in series)
        heading = f"Class {shown(part.name, 40)}"
        described = f"{heading} on two principal components of real rows: {kinds}."
        yield Figure(heading, scatter_chart(series, titles=titles, name=f"projection-{place}", description=described))


def drift_rows(quality: SyntheticQuality) -> list[DriftRow]:
    """Return the columns that drifted most over all classes, without those that chance may explain."""
    rows = [
        DriftRow(part.name, drift, drift_in_words(drift))
        for part in quality.classes
        for drift in [drift for drift in part.drift if drift.p_value < _BY_CHANCE][:_DRIFTS_OF_A_CLASS]
    ]
    return sorted(rows, key=lambda row: -row.record.drift)[:_DRIFTS]


def _view(data: ReportData) -> SyntheticView | None:
    return synthetic_view(data.synthetic) if data.synthetic else None


def _brief(data: ReportData) -> Iterator[str]:
    """Yield the nearest neighbours of the synthetic rows, whether they obey the rules, and the worst drift."""
    if not data.synthetic:
        return
    quality = data.synthetic.quality
    said = [f"{count(quality.synthetic_rows)} rows of train are synthetic.", NO_ANONYMISATION]
    said += [attack_in_words(one, name=markdown_cell(one.name)) for one in quality.reconstruction]
    said += [nearness_in_words(part, name=markdown_cell(part.name)) for part in quality.classes[:1]]
    copies = sum(part.copies_of_own_class + part.copies_of_another_class for part in quality.classes)
    if quality.classes:
        said.append(
            f"{count(copies)} are exact copies of a real row." if copies else "None is an exact copy of a real row."
        )
    yield " ".join(filter(None, [*said, rules_in_words(data.synthetic)]))
    told = [markdown_cell(told_in_words(one), 400) for one in quality.told_apart[:1]]
    if warning := telling_warning(data.synthetic):
        told.append(f"**{markdown_cell(warning, 400)}**")
    if told:
        yield " ".join(told)
    drifts = [_drift_cells(row) for row in drift_rows(quality)[:_DRIFTS_IN_BRIEF]]
    if drifts:
        yield table(["class", "column", "drift of synthetic rows", "what changed"], drifts)


def _drift_cells(row: DriftRow) -> list[str]:
    names = [markdown_cell(row.name), markdown_cell(row.record.column)]
    return [*names, number(row.record.drift), markdown_cell(row.changed, 300)]


SYNTHETIC = Section("synthetic-rows", "Synthetic rows", "synthetic.html.j2", _view, brief=_brief)
