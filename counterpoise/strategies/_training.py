"""What a comparison tries against imbalance beside resampling: the learner's training itself is changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["TRAINING", "Approach"]


@dataclass(frozen=True, kw_only=True)
class Approach:
    """A way to train that leaves the rows as they are.

    Attributes:
        label: Its name in the middle of a sentence.
        simplicity: Its place among strategies that do equally well in a comparison: the least is chosen.
        learner: The import path of its own learner; empty where it changes any learner.
        supervised: Whether its learner sees labels.
        two_classes: What it does, where that takes two classes; empty where it takes any number.
        trains: Whether the learner is trained otherwise than without it.
    """

    label: str
    simplicity: int
    learner: str
    supervised: bool = True
    two_classes: str = ""
    trains: bool = True


_LEARNERS = 7
"""The simplicity of learners of their own: behind every strategy for any learner."""

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
        two_classes="an anomaly is told from the rest",
    ),
}
"""By the name that a comparison gives them."""
