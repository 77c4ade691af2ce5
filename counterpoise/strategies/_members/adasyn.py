"""ADASYN (He et al. 2008): SMOTE that makes more rows where other classes are near."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from counterpoise.strategies._costs import Costs
from counterpoise.strategies._kinds import Maker, SamplerInput

if TYPE_CHECKING:
    from counterpoise.strategies._samplers import Drawn


@dataclass(frozen=True, kw_only=True)
class _Adasyn(Maker):
    def draw(self, given: SamplerInput) -> Iterator[Drawn]:
        """Yield the draws of each class; rounding may give a few rows more or fewer than wanted.

        imbalanced-learn's ADASYN has no hook, so its sampling code is reproduced here.
        """
        import numpy as np
        from sklearn.neighbors import NearestNeighbors
        from sklearn.utils import check_random_state

        from counterpoise.strategies._samplers import Drawn

        points, labels, k = given.points, given.labels, given.k_neighbors
        random = check_random_state(given.seed)
        everything = NearestNeighbors(n_neighbors=k + 1).fit(points)
        for code, number in given.wanted.items():
            own = np.flatnonzero(labels == code)
            around = everything.kneighbors(points[own], return_distance=False)[:, 1:]
            share = np.sum(labels[around] != code, axis=1) / k
            if not share.any():
                raise ValueError("no neighbour of the class belongs to another one: there is no density to follow")
            shares = np.rint(share / share.sum() * (number - len(own))).astype(int)
            bases = np.repeat(np.arange(len(own)), shares)
            among = NearestNeighbors(n_neighbors=k + 1).fit(points[own])
            near = own[among.kneighbors(points[own], return_distance=False)[:, 1:]]
            chosen = random.choice(k, size=len(bases))
            steps = random.uniform(size=(len(bases), 1)).ravel()
            yield Drawn(own[bases], near[bases, chosen], steps, near[bases])


STRATEGY = _Adasyn(
    name="adasyn",
    label="ADASYN",
    remark="makes rows in overlaps",
    costs=Costs(copies=0.3, seconds=lambda load: load.searching * load.growing / load.rows),
    why_missed="ADASYN rounds the share of each row",
    remedy="choose smote if the class is well separated from the others",
)
