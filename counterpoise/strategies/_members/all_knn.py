"""AllKNN: edited nearest neighbours with one neighbour, then two, and so on."""

from counterpoise.strategies._costs import Costs
from counterpoise.strategies._kinds import Cleaner
from counterpoise.strategies._members.edited_nearest_neighbours import Edited


class _AllKnn(Edited):
    allow_minority: bool = False


STRATEGY = Cleaner(
    name="all_knn",
    label="AllKNN",
    options=_AllKnn,
    sampler="AllKNN",
    chance=False,
    costs=Costs(copies=3.3, seconds=lambda load: 3 * load.searching),
)
