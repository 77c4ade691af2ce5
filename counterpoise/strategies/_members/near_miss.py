"""NearMiss: keep the rows of larger classes that are near the smallest one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from counterpoise.strategies._costs import Costs, search_seconds
from counterpoise.strategies._kinds import Undersampler
from counterpoise.strategies._strategy import Options


class _Versions(Options):
    version: Literal[1, 2, 3] = 1
    n_neighbors: int = Field(3, ge=1, le=1000)
    n_neighbors_ver3: int = Field(3, ge=1, le=1000)


@dataclass(frozen=True, kw_only=True)
class _NearMiss(Undersampler):
    def listed(self, options: dict[str, Any], *, k_neighbors: int, least: int) -> int:
        """Return how many neighbours per row are held: version 2 holds the smallest class twice."""
        if options.get("version") == 2:
            return 2 * least
        return super().listed(options, k_neighbors=k_neighbors, least=least)


STRATEGY = _NearMiss(
    name="near_miss",
    label="NearMiss",
    remark="keeps rows near the border",
    options=_Versions,
    sampler="NearMiss",
    chance=False,
    costs=Costs(copies=2.0, seconds=lambda load: search_seconds(load.rows, load.least, load.columns)),
)
