"""Strategies that keep or drop rows by what they are: imbalanced-learn's under-samplers and cleaners."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from counterpoise.config import STRATEGIES
from counterpoise.typing import Codes, Ints, Matrix

__all__ = ["kept_rows"]


_SAMPLERS: Mapping[str, str] = {
    "near_miss": "NearMiss",
    "tomek_links": "TomekLinks",
    "condensed_nearest_neighbour": "CondensedNearestNeighbour",
    "edited_nearest_neighbours": "EditedNearestNeighbours",
    "repeated_edited_nearest_neighbours": "RepeatedEditedNearestNeighbours",
    "all_knn": "AllKNN",
    "one_sided_selection": "OneSidedSelection",
    "neighbourhood_cleaning_rule": "NeighbourhoodCleaningRule",
    "instance_hardness_threshold": "InstanceHardnessThreshold",
}
_RANDOM = {"condensed_nearest_neighbour", "one_sided_selection", "instance_hardness_threshold"}


def kept_rows(
    name: str, points: Matrix, labels: Codes, *, wanted: Mapping[int, int], seed: int,
    options: Mapping[str, Any],
) -> Ints:  # fmt: skip
    """Return the positions of the rows that a strategy keeps, int64; a row may be kept twice.

    Args:
        name: The strategy.
        points: All train rows in the neighbour space, of shape (rows, columns).
        labels: Their class codes, without gaps.
        wanted: Rows wanted of each class; of no meaning to strategies that clean.
        seed: imbalanced-learn's `random_state`, where it takes one.
        options: The sampler's further options.

    Raises:
        ValueError: imbalanced-learn finds nothing to work with.
    """
    settings = dict(options)
    if STRATEGIES[name].family == "under":
        settings["sampling_strategy"] = {
            code: number for code, number in wanted.items() if number < np.count_nonzero(labels == code)
        }
    if name in _RANDOM or name == "cluster_centroids":
        settings["random_state"] = seed
    if name == "cluster_centroids":
        return _nearest_to_centroids(points, labels, settings)
    from imblearn import under_sampling

    sampler = getattr(under_sampling, _SAMPLERS[name])(**settings)
    sampler.fit_resample(points, labels)
    return np.asarray(sampler.sample_indices_, dtype=np.int64)


def _nearest_to_centroids(points: Matrix, labels: Codes, settings: dict[str, Any]) -> Ints:
    """Return the rows nearest to the centroids (`voting="hard"`): real rows, so that every value is exact.

    One thread: with several, the clusters depend on which of them adds up first.
    """
    from imblearn.under_sampling import ClusterCentroids
    from sklearn.neighbors import NearestNeighbors
    from threadpoolctl import threadpool_limits

    kept = [np.flatnonzero(~np.isin(labels, list(settings["sampling_strategy"])))]

    class Recorder(ClusterCentroids):  # type: ignore[misc]  # imbalanced-learn ships no types
        def _generate_sample(self, own: Matrix, classes: Codes, centroids: Matrix, code: int) -> tuple[Matrix, Codes]:
            nearest = NearestNeighbors(n_neighbors=1).fit(own).kneighbors(centroids, return_distance=False)
            kept.append(np.flatnonzero(labels == code)[nearest.ravel()])
            return own[:1], classes[:1]

    with threadpool_limits(limits=1):
        Recorder(voting="hard", **settings).fit_resample(points, labels)
    return np.concatenate(kept)
