"""Approaches that a comparison tries besides resampling: they change how a learner is trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from counterpoise.strategies._strategy import Options


class DetectorOptions(Options):
    """The option of the isolation forest, with scikit-learn's name, bounds and default."""

    contamination: Literal["auto"] | Annotated[float, Field(gt=0, le=0.5, strict=True)] = "auto"


@dataclass(frozen=True, kw_only=True)
class Approach:
    """A way to train that leaves the rows unchanged.

    Attributes:
        label: Its name within a sentence.
        simplicity: Its rank among strategies that do equally well in a comparison: the smallest is chosen.
        learner: The import path of its own learner; empty if it works with any learner.
        supervised: Whether its learner uses labels.
        two_classes: What it does, if it needs two classes; empty if it supports any number.
        trains: Whether it changes how the learner is trained.
        options: The model of its options.
    """

    label: str
    simplicity: int
    learner: str
    supervised: bool = True
    two_classes: str = ""
    trains: bool = True
    options: type[Options] = Options


_LEARNERS = 7
"""The simplicity of approaches with their own learner: they rank after every strategy for any learner."""

TRAINING: Mapping[str, Approach] = {
    "class_weight": Approach(label="class weight", simplicity=2, learner=""),
    "threshold": Approach(
        label="threshold", simplicity=1, learner="", two_classes="a threshold is tuned", trains=False
    ),
    "balanced_random_forest": Approach(
        label="balanced random forest",
        simplicity=_LEARNERS,
        learner="imblearn.ensemble:BalancedRandomForestClassifier",
    ),
    "easy_ensemble": Approach(
        label="easy ensemble", simplicity=_LEARNERS, learner="imblearn.ensemble:EasyEnsembleClassifier"
    ),
    "rus_boost": Approach(label="rus boost", simplicity=_LEARNERS, learner="imblearn.ensemble:RUSBoostClassifier"),
    "isolation_forest": Approach(
        label="isolation forest",
        simplicity=_LEARNERS,
        learner="sklearn.ensemble:IsolationForest",
        supervised=False,
        two_classes="anomalies are separated from the rest",
        options=DetectorOptions,
    ),
}
"""The approaches by their name in a comparison."""
