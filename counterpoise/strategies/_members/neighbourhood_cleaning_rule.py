"""The neighbourhood cleaning rule: drop rows of larger classes that disturb the smaller one."""

from pydantic import Field

from counterpoise.strategies._costs import Costs
from counterpoise.strategies._kinds import Cleaner
from counterpoise.strategies._strategy import Cleaned


class _NeighbourhoodCleaned(Cleaned):
    n_neighbors: int = Field(3, ge=1, le=1000)
    threshold_cleaning: float = Field(0.5, ge=0, le=1)


STRATEGY = Cleaner(
    name="neighbourhood_cleaning_rule",
    label="the neighbourhood cleaning rule",
    options=_NeighbourhoodCleaned,
    sampler="NeighbourhoodCleaningRule",
    chance=False,
    costs=Costs(copies=3.3, seconds=lambda load: 1.2 * load.searching),
)
