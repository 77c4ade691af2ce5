"""Edited nearest neighbours: drop rows whose neighbours disagree with their class."""

from typing import Literal

from pydantic import Field

from counterpoise.strategies._costs import Costs
from counterpoise.strategies._kinds import Cleaner
from counterpoise.strategies._strategy import Cleaned


class Edited(Cleaned):
    """The options that define when neighbours disagree with a row."""

    n_neighbors: int = Field(3, ge=1, le=1000)
    kind_sel: Literal["all", "mode"] = "all"


STRATEGY = Cleaner(
    name="edited_nearest_neighbours",
    label="edited nearest neighbours",
    options=Edited,
    sampler="EditedNearestNeighbours",
    chance=False,
    costs=Costs(copies=2.3, seconds=lambda load: 1.2 * load.searching),
)
