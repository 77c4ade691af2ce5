"""SVM-SMOTE: SMOTE that starts from support vectors."""

from pydantic import Field

from counterpoise.strategies._costs import DISTANCE, MIB, Costs
from counterpoise.strategies._kinds import Variant
from counterpoise.strategies._strategy import Options


class _SupportVectors(Options):
    m_neighbors: int = Field(10, ge=1, le=1000)
    out_step: float = Field(0.5, ge=0, le=1)


STRATEGY = Variant(
    name="svm_smote",
    label="SVM-SMOTE",
    remark="makes rows near the border",
    options=_SupportVectors,
    sampler="SVMSMOTE",
    costs=Costs(
        copies=3.3,
        seconds=lambda load: 20 * DISTANCE * load.rows**2 * load.columns + load.searching,
        model_bytes=200 * MIB,
        model_row_bytes=100,
    ),
    why_missed="without a grid SVM-SMOTE makes one of its two shares where all support vectors are in danger, or safe",
)
