"""Cluster centroids: keep the real rows of larger classes that are nearest to the centroids of k-means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from counterpoise.strategies._costs import DISTANCE, MIB, Costs
from counterpoise.strategies._kinds import SamplerInput, Undersampler

if TYPE_CHECKING:
    from counterpoise.typing import Codes, Ints, Matrix


@dataclass(frozen=True, kw_only=True)
class _Centroids(Undersampler):
    def keep(self, given: SamplerInput) -> Ints:
        """Return the rows nearest to the centroids (`voting="hard"`): real rows, so every value is exact.

        It uses one thread, because with several the clusters depend on the order of their sums.
        """
        import numpy as np
        from imblearn.under_sampling import ClusterCentroids
        from sklearn.neighbors import NearestNeighbors
        from threadpoolctl import threadpool_limits

        labels, settings = given.labels, self.settings(given)
        kept = [np.flatnonzero(~np.isin(labels, list(settings["sampling_strategy"])))]

        class Recorder(ClusterCentroids):  # type: ignore[misc]  # imbalanced-learn ships no types
            def _generate_sample(
                self, own: Matrix, classes: Codes, centroids: Matrix, code: int
            ) -> tuple[Matrix, Codes]:
                nearest = NearestNeighbors(n_neighbors=1).fit(own).kneighbors(centroids, return_distance=False)
                kept.append(np.flatnonzero(labels == code)[nearest.ravel()])
                return own[:1], classes[:1]

        with threadpool_limits(limits=1):
            Recorder(voting="hard", **settings).fit_resample(given.points, labels)
        return np.concatenate(kept)


STRATEGY = _Centroids(
    name="cluster_centroids",
    label="cluster centroids",
    remark="keeps one row per cluster",
    sampler="ClusterCentroids",
    chance=True,
    costs=Costs(
        copies=3.3,
        seconds=lambda load: 20 * DISTANCE * load.rows * load.wanted * load.columns,
        model_bytes=40 * MIB,
        model_row_bytes=100,
    ),
)
