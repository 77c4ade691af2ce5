"""Borderline-SMOTE: SMOTE that starts only from rows at the border."""

from typing import Literal

from pydantic import Field

from counterpoise.strategies._costs import Costs
from counterpoise.strategies._kinds import Variant
from counterpoise.strategies._strategy import Options


class _Borderline(Options):
    m_neighbors: int = Field(10, ge=1, le=1000)
    kind: Literal["borderline-1", "borderline-2"] = "borderline-1"


STRATEGY = Variant(
    name="borderline_smote",
    label="Borderline-SMOTE",
    remark="makes rows near the border",
    options=_Borderline,
    sampler="BorderlineSMOTE",
    costs=Costs(copies=2.3, seconds=lambda load: load.searching * load.growing / load.rows * 2),
    why_missed="Borderline-SMOTE found no row in danger, with half or more of its neighbours of another class",
)
