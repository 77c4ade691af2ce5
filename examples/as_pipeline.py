"""A version's recipe as an imbalanced-learn pipeline: for cross-validation, grid search and serving with scikit-learn.

Run with `python examples/as_pipeline.py datasets/fraud`.
"""

from __future__ import annotations

import sys
from typing import Any

import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import average_precision_score
from sklearn.model_selection import TunedThresholdClassifierCV

from counterpoise.frames import resampling_pipeline
from counterpoise.versions import Version, open_version


def natural_train(version: Version) -> pd.DataFrame:
    """Return the train rows before resampling: each original row once."""
    first = version.to_pandas("keys/train")["origin"] == "original"
    return version.to_pandas("train")[first.to_numpy()]


def features_and_labels(version: Version, rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series[bool]]:
    """Return the features, and whether each row is of the rarer class."""
    before, target = version.manifest.resampling.before, version.manifest.settings.columns.target
    return rows.drop(columns=target), rows[target].astype(str) == min(before, key=before.__getitem__)


def fitted_model(version: Version) -> Any:
    """Return a model that resamples as the version did, its threshold tuned by cross-validation within train.

    Each fold is resampled on its own, so the threshold is chosen on rows that no synthetic row was made of.
    """
    config = version.manifest.settings
    pipeline = resampling_pipeline(config, HistGradientBoostingClassifier(random_state=config.seed))
    model = TunedThresholdClassifierCV(pipeline, scoring="f1", cv=3, random_state=config.seed)
    return model.fit(*features_and_labels(version, natural_train(version)))


def score_on_test(version: Version) -> float:
    """Return the average precision on the untouched test rows."""
    features, labels = features_and_labels(version, version.to_pandas("test"))
    return float(average_precision_score(labels, fitted_model(version).predict_proba(features)[:, 1]))


if __name__ == "__main__":
    print(f"average precision on test: {score_on_test(open_version(sys.argv[1])):.3f}")
