"""Repeated edited nearest neighbours: edit until nothing changes."""

from pydantic import Field

from counterpoise.strategies._costs import Costs
from counterpoise.strategies._kinds import Cleaner
from counterpoise.strategies._members.edited_nearest_neighbours import Edited


class _RepeatedlyEdited(Edited):
    max_iter: int = Field(100, ge=2, le=10_000)


STRATEGY = Cleaner(
    name="repeated_edited_nearest_neighbours",
    label="repeated edited nearest neighbours",
    options=_RepeatedlyEdited,
    sampler="RepeatedEditedNearestNeighbours",
    chance=False,
    costs=Costs(copies=3.3, seconds=lambda load: 6 * load.searching),
)
