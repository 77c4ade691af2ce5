from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score

from counterpoise.config import BalanceConfig, build_config
from counterpoise.errors import InputError, ResamplingError
from counterpoise.frames._resample import resample_frame, resampling_pipeline
from tests.frames.test_balance import frame


def configured(strategy: str, **sections: Any) -> BalanceConfig:
    return build_config(
        {
            "name": "frame",
            "seed": 3,
            "source": {"path": "unused"},
            "columns": {"target": "fraud", "ids": ["id"], "time": "at"},
            "resampling": {"strategy": strategy},
            **sections,
        }
    )


@pytest.mark.parametrize("strategy", ["none", "random_over", "random_under", "smote", "smote_enn"])
def test_resampled_rows_have_the_columns_and_dtypes_of_the_features_alone(strategy: str) -> None:
    data = frame()
    before = data.copy()
    features, labels = resample_frame(data.drop(columns="fraud"), data["fraud"], config=configured(strategy))
    pd.testing.assert_frame_equal(data, before)
    assert features.dtypes.equals(data.drop(columns=["id", "at", "fraud"]).dtypes)
    assert labels.dtype == bool
    assert len(features) == len(labels)
    if strategy in ("random_over", "random_under", "smote"):
        assert labels.mean() == pytest.approx(0.5)


def test_rows_that_are_kept_keep_their_label() -> None:
    data = frame()
    features, labels = resample_frame(data.drop(columns="fraud"), data["fraud"], config=configured("random_over"))
    label_of = dict(zip(data["x"], data["fraud"], strict=True))
    assert [label_of[value] for value in features["x"]] == labels.tolist()
    assert set(features["x"]) == set(data["x"])


def test_resampled_rows_are_shuffled_the_same_way_for_the_same_seed() -> None:
    data = frame().sort_values("fraud")
    config = configured("smote")
    features, labels = resample_frame(data.drop(columns="fraud"), data["fraud"].to_numpy(), config=config)
    again, _ = resample_frame(data.drop(columns="fraud"), data["fraud"], config=config)
    pd.testing.assert_frame_equal(features, again)
    changes = int((labels.to_numpy()[1:] != labels.to_numpy()[:-1]).sum())
    assert changes > 0.4 * len(labels)  # half of them in a random order, two in a sorted one


def test_a_pipeline_resamples_when_it_is_fitted_and_never_when_it_predicts() -> None:
    data = frame()
    pipeline = resampling_pipeline(configured("random_under"), RandomForestClassifier(20, random_state=0))
    pipeline.fit(data.drop(columns="fraud"), data["fraud"])
    assert len(pipeline.predict(data.drop(columns="fraud"))) == len(data)
    assert pipeline[-1].estimators_[0].tree_.n_node_samples[0] <= 2 * data["fraud"].sum()


def test_identifiers_do_not_reach_the_learner() -> None:
    data = frame()
    pipeline = resampling_pipeline(configured("none"), LogisticRegression())
    answers = pipeline.fit(data.drop(columns="fraud"), data["fraud"]).predict_proba(data.drop(columns=["fraud", "id"]))
    assert answers.shape == (len(data), 2)


@pytest.mark.slow
def test_cross_validation_of_the_pipeline_sees_no_signal_in_noise() -> None:
    """Resampled before the folds were cut, a forest would score above 0.9 here (correctness 1)."""
    rng = np.random.default_rng(5)
    data = pd.DataFrame(rng.normal(size=(1200, 6)), columns=list("abcdef"))
    labels = pd.Series(rng.random(1200) < 0.1, name="fraud")
    config = configured("smote", columns={"target": "fraud"})
    pipeline = resampling_pipeline(config, RandomForestClassifier(50, random_state=0))
    folds = StratifiedKFold(4, shuffle=True, random_state=0)
    assert cross_val_score(pipeline, data, labels, cv=folds, scoring="roc_auc").mean() < 0.65


def test_weights_are_refused_where_rows_are_wanted() -> None:
    data = frame()
    with pytest.raises(ResamplingError, match="random_over"):
        resample_frame(data.drop(columns="fraud"), data["fraud"], config=configured("weights"))


def test_as_many_labels_as_rows_are_wanted() -> None:
    data = frame()
    with pytest.raises(InputError, match="1,499 labels"):
        resample_frame(data.drop(columns="fraud"), data["fraud"][1:], config=configured("smote"))
