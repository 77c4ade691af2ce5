"""Condensed nearest neighbours: keep the rows that a nearest-neighbour rule needs."""

from pydantic import Field

from counterpoise.strategies._costs import Costs
from counterpoise.strategies._kinds import Cleaner
from counterpoise.strategies._strategy import Cleaned


class Seeded(Cleaned):
    """The options of samplers that start with randomly drawn rows."""

    n_neighbors: int = Field(1, ge=1, le=1000)
    n_seeds_S: int = Field(1, ge=1, le=100_000)  # noqa: N815  # imbalanced-learn's name


_ROW_PREDICTED = 2e-3

STRATEGY = Cleaner(
    name="condensed_nearest_neighbour",
    label="condensed nearest neighbours",
    options=Seeded,
    sampler="CondensedNearestNeighbour",
    chance=True,
    costs=Costs(copies=2.3, seconds=lambda load: _ROW_PREDICTED * load.rows + 0.1 * load.searching * load.rows**0.5),
)
