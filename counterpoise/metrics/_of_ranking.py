"""Metrics of rankings."""

from __future__ import annotations

from counterpoise.metrics._metric import Metric, OfRanking

_ONE_CLASS = "where the rows are all positive or all negative"

AVERAGE_PRECISION = Metric(
    name="average_precision",
    label="average precision",
    least=0,
    most=1,
    better="larger",
    source=OfRanking(lambda quality: quality.average_precision),
    equal_prevalence=True,
    undefined=_ONE_CLASS,
    shown=("folds", "choice", "verdict", "leaderboard", "leaderboard in brief", "finalists", "differences", "summary"),
    chance=lambda shares: shares.mean,
    in_every_record=True,
)
ROC_AUC = Metric(
    name="roc_auc",
    label="ROC-AUC",
    least=0,
    most=1,
    better="larger",
    source=OfRanking(lambda quality: quality.roc_auc, pairs=True),
    equal_prevalence=False,
    undefined=_ONE_CLASS,
    shown=("folds", "choice", "leaderboard", "leaderboard in brief", "finalists", "differences", "summary"),
    chance=lambda _: 0.5,
    in_every_record=True,
)
