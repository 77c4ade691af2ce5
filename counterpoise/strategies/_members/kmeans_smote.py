"""k-means SMOTE: SMOTE within clusters."""

from pydantic import Field

from counterpoise.strategies._costs import MIB, NODE, Costs
from counterpoise.strategies._kinds import Variant
from counterpoise.strategies._strategy import Options


class _Clusters(Options):
    kmeans_estimator: int = Field(8, ge=1, le=10_000)
    cluster_balance_threshold: float | None = Field(None, ge=0, le=10)
    density_exponent: float | None = Field(None, ge=0, le=100)


STRATEGY = Variant(
    name="kmeans_smote",
    label="k-means SMOTE",
    remark="makes rows within clusters",
    options=_Clusters,
    sampler="KMeansSMOTE",
    one_thread=True,
    costs=Costs(
        copies=3.3,
        seconds=lambda load: NODE * load.rows * load.columns,
        model_bytes=110 * MIB,
        model_row_bytes=100,
    ),
    why_missed="k-means SMOTE rounds the share of each cluster up",
    remedy="set kmeans_estimator (how many clusters) or a lower cluster_balance_threshold in its options",
)
