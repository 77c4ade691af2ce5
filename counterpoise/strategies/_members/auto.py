"""The placeholder for the advised strategy, which replaces it before any row is read."""

from counterpoise.strategies._costs import NO_COSTS
from counterpoise.strategies._strategy import Strategy

STRATEGY = Strategy(
    name="auto",
    label="the advised strategy",
    remark="uses the advised strategy",
    family="none",
    sees="labels",
    chance=True,
    costs=NO_COSTS,
    why_missed="",
    simplicity=0,
)
