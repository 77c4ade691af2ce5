"""Row weights: as often as random over-sampling would repeat a row, so much does it count."""

from counterpoise.strategies._members.random_over import Repetition

STRATEGY = Repetition(
    name="weights",
    label="row weights",
    remark="weights, repeats nothing",
    family="over",
    chance=True,
    why_missed="",
    simplicity=3,
    weighs=True,
)
