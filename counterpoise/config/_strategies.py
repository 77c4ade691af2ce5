"""The resampling strategies: what each reads, how it changes the rows, and its own options.

Options have imbalanced-learn's names, bounds and defaults.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["STRATEGIES", "Family", "Options", "Sees", "Strategy", "StrategyName"]

StrategyName = Literal[
    "auto",
    "none",
    "weights",
    "random_over",
    "smote",
    "smotenc",
    "smoten",
    "adasyn",
    "borderline_smote",
    "svm_smote",
    "kmeans_smote",
    "random_under",
    "near_miss",
    "tomek_links",
    "condensed_nearest_neighbour",
    "edited_nearest_neighbours",
    "repeated_edited_nearest_neighbours",
    "all_knn",
    "one_sided_selection",
    "neighbourhood_cleaning_rule",
    "instance_hardness_threshold",
    "cluster_centroids",
    "smote_enn",
    "smote_tomek",
]

Family = Literal["none", "over", "under", "clean", "combine"]
"""over: smaller classes grow. under: larger classes shrink. clean: rows go by their features. combine: both."""

Sees = Literal["labels", "class rows", "train rows"]
"""What a strategy reads of the train partition besides labels: features of growing classes, or of all rows."""


class Options(BaseModel):
    """The options of a strategy without options."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def given(self) -> dict[str, Any]:
        """Return the options that are set, by imbalanced-learn's names."""
        return self.model_dump(exclude_unset=True)


class _Replacement(Options):
    replacement: bool = False


class _Borderline(Options):
    m_neighbors: int = Field(10, ge=1, le=1000)
    kind: Literal["borderline-1", "borderline-2"] = "borderline-1"


class _SupportVectors(Options):
    m_neighbors: int = Field(10, ge=1, le=1000)
    out_step: float = Field(0.5, ge=0, le=1)


class _Clusters(Options):
    kmeans_estimator: int = Field(8, ge=1, le=10_000)
    cluster_balance_threshold: float | None = Field(None, ge=0, le=10)
    density_exponent: float | None = Field(None, ge=0, le=100)


class _NearMiss(Options):
    version: Literal[1, 2, 3] = 1
    n_neighbors: int = Field(3, ge=1, le=1000)
    n_neighbors_ver3: int = Field(3, ge=1, le=1000)


class _Cleaned(Options):
    sampling_strategy: Literal["auto", "majority", "not minority", "not majority", "all"] = "auto"


class _Edited(_Cleaned):
    n_neighbors: int = Field(3, ge=1, le=1000)
    kind_sel: Literal["all", "mode"] = "all"


class _RepeatedlyEdited(_Edited):
    max_iter: int = Field(100, ge=2, le=10_000)


class _AllKnn(_Edited):
    allow_minority: bool = False


class _Seeded(_Cleaned):
    n_neighbors: int = Field(1, ge=1, le=1000)
    n_seeds_S: int = Field(1, ge=1, le=100_000)  # noqa: N815  # imbalanced-learn's name


class _NeighbourhoodCleaned(_Cleaned):
    n_neighbors: int = Field(3, ge=1, le=1000)
    threshold_cleaning: float = Field(0.5, ge=0, le=1)


class _Hardness(Options):
    cv: int = Field(5, ge=2, le=100)


class _SmoteEdited(_Edited):
    sampling_strategy: Literal["auto", "majority", "not minority", "not majority", "all"] = "all"


class _SmoteCleaned(_Cleaned):
    sampling_strategy: Literal["auto", "majority", "not minority", "not majority", "all"] = "all"


@dataclass(frozen=True)
class Strategy:
    """A strategy's static properties.

    Attributes:
        label: Its name within a sentence.
        family: How it changes the classes.
        sees: What it reads of the train partition.
        options: Its own options.
        approximates: Whether it supports `neighbor_search: approximate`.
    """

    label: str
    family: Family
    sees: Sees
    options: type[Options] = Options
    approximates: bool = False

    @property
    def grows(self) -> bool:
        """Whether it adds rows to smaller classes."""
        return self.family in ("over", "combine")

    @property
    def searches(self) -> bool:
        """Whether it searches neighbours within growing classes, and so needs more than `k_neighbors` rows each."""
        return self.grows and self.sees != "labels"


STRATEGIES: Mapping[str, Strategy] = {
    "auto": Strategy("the advised strategy", "none", "labels"),
    "none": Strategy("no resampling", "none", "labels"),
    "weights": Strategy("row weights", "over", "labels"),
    "random_over": Strategy("random over-sampling", "over", "labels"),
    "smote": Strategy("SMOTE", "over", "class rows", approximates=True),
    "smotenc": Strategy("SMOTENC", "over", "class rows", approximates=True),
    "smoten": Strategy("SMOTEN", "over", "train rows"),
    "adasyn": Strategy("ADASYN", "over", "train rows"),
    "borderline_smote": Strategy("Borderline-SMOTE", "over", "train rows", _Borderline),
    "svm_smote": Strategy("SVM-SMOTE", "over", "train rows", _SupportVectors),
    "kmeans_smote": Strategy("k-means SMOTE", "over", "train rows", _Clusters),
    "random_under": Strategy("random under-sampling", "under", "labels", _Replacement),
    "near_miss": Strategy("NearMiss", "under", "train rows", _NearMiss),
    "tomek_links": Strategy("removal of Tomek links", "clean", "train rows", _Cleaned),
    "condensed_nearest_neighbour": Strategy("condensed nearest neighbours", "clean", "train rows", _Seeded),
    "edited_nearest_neighbours": Strategy("edited nearest neighbours", "clean", "train rows", _Edited),
    "repeated_edited_nearest_neighbours": Strategy(
        "repeated edited nearest neighbours", "clean", "train rows", _RepeatedlyEdited
    ),
    "all_knn": Strategy("AllKNN", "clean", "train rows", _AllKnn),
    "one_sided_selection": Strategy("one-sided selection", "clean", "train rows", _Seeded),
    "neighbourhood_cleaning_rule": Strategy(
        "the neighbourhood cleaning rule", "clean", "train rows", _NeighbourhoodCleaned
    ),
    "instance_hardness_threshold": Strategy("the instance hardness threshold", "under", "train rows", _Hardness),
    "cluster_centroids": Strategy("cluster centroids", "under", "train rows"),
    "smote_enn": Strategy(
        "SMOTE with edited nearest neighbours", "combine", "train rows", _SmoteEdited, approximates=True
    ),
    "smote_tomek": Strategy(
        "SMOTE with removal of Tomek links", "combine", "train rows", _SmoteCleaned, approximates=True
    ),
}
"""All strategies by their names in the configuration."""
