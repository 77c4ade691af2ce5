"""Row weights: each row weighs as much as random over-sampling would repeat it."""

from counterpoise.strategies._members.random_over import Repetition

STRATEGY = Repetition(
    name="weights",
    label="row weights",
    remark="weighs rows instead of repeating",
    family="over",
    chance=True,
    why_missed="",
    simplicity=3,
    weighs=True,
)
