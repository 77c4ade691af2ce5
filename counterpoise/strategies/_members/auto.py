"""The advised strategy, which takes the place of this name before any row is read."""

from counterpoise.strategies._costs import NO_COSTS
from counterpoise.strategies._strategy import Strategy

STRATEGY = Strategy(
    name="auto",
    label="the advised strategy",
    remark="does what is advised",
    family="none",
    sees="labels",
    chance=True,
    costs=NO_COSTS,
    why_missed="",
    simplicity=0,
)
