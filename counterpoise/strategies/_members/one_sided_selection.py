"""One-sided selection: drop redundant rows, then Tomek links."""

from counterpoise.strategies._costs import Costs
from counterpoise.strategies._kinds import Cleaner
from counterpoise.strategies._members.condensed_nearest_neighbour import Seeded

STRATEGY = Cleaner(
    name="one_sided_selection",
    label="one-sided selection",
    options=Seeded,
    sampler="OneSidedSelection",
    chance=True,
    costs=Costs(copies=3.3, seconds=lambda load: 2 * load.searching),
)
