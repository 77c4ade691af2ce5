"""The placeholder for the strategy that cross-validation within train supports, which replaces it."""

from counterpoise.strategies._costs import NO_COSTS
from counterpoise.strategies._strategy import Strategy

STRATEGY = Strategy(
    name="auto",
    label="the strategy chosen by cross-validation",
    remark="chosen by cross-validation within train",
    family="none",
    sees="labels",
    chance=True,
    costs=NO_COSTS,
    why_missed="",
    simplicity=0,
)
