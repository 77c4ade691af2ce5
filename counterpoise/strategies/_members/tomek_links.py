"""Removal of Tomek links: pairs of rows of different classes that are each other's nearest neighbours."""

from counterpoise.strategies._costs import Costs
from counterpoise.strategies._kinds import Cleaner
from counterpoise.strategies._strategy import Cleaned

STRATEGY = Cleaner(
    name="tomek_links",
    label="removal of Tomek links",
    options=Cleaned,
    sampler="TomekLinks",
    chance=False,
    costs=Costs(copies=1.3, seconds=lambda load: 1.2 * load.searching),
)
