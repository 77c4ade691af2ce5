"""The instance hardness threshold: drop rows that a random forest finds hard to classify."""

import math

from pydantic import Field

from counterpoise.strategies._costs import MIB, NODE, Costs
from counterpoise.strategies._kinds import Undersampler
from counterpoise.strategies._strategy import Options


class _Hardness(Options):
    cv: int = Field(5, ge=2, le=100)


STRATEGY = Undersampler(
    name="instance_hardness_threshold",
    label="the instance hardness threshold",
    remark="drops rows hard to classify",
    options=_Hardness,
    sampler="InstanceHardnessThreshold",
    chance=True,
    costs=Costs(
        copies=3.3,
        seconds=lambda load: 100 * NODE * load.rows * math.log2(load.rows + 2) * load.columns**0.5,
        model_bytes=40 * MIB,
        model_row_bytes=1500,
    ),
)
