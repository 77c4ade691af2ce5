"""scikit-learn's and imbalanced-learn's own checks, for every strategy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from counterpoise.errors import ArgumentError
from counterpoise.pipelines import Sampler
from counterpoise.strategies import STRATEGIES, StrategyName

OPTIONS: dict[str, dict[str, Any]] = {
    "edited_nearest_neighbours": {"kind_sel": "mode"},  # the labels of two checks are noise: "all" would drop a class
    "repeated_edited_nearest_neighbours": {"kind_sel": "mode"},
    "all_knn": {"n_neighbors": 1},
    "smote_enn": {"kind_sel": "mode", "sampling_strategy": "auto"},
    "kmeans_smote": {"kmeans_estimator": 1},  # some checks have too few rows for clusters
}

OF_NUMBERS = (
    "check_samplers_fit", "check_samplers_fit_resample", "check_samplers_pandas", "check_samplers_pandas_sparse",
    "check_samplers_nan", "check_samplers_list", "check_samplers_multiclass_ova", "check_samplers_preserve_dtype",
    "check_samplers_sample_indices", "check_samplers_2d_target",
)  # fmt: skip
NOT_PASSED: dict[str, dict[str, tuple[str, ...]]] = {
    "smoten": {"it refuses numbers": OF_NUMBERS},
    "smotenc": {"it refuses rows without numbers or without categories": (*OF_NUMBERS, "check_samplers_string")},
    "weights": {
        "it gives weights and no rows, and is refused": (
            *OF_NUMBERS, "check_samplers_string", "check_sampler_get_feature_names_out",
            "check_sampler_get_feature_names_out_pandas",
        ),
    },
}  # fmt: skip
"""The checks that a strategy does not pass, by the reason."""
SKIPPED = {"check_array_api_input"}
"""scikit-learn skips it unless SCIPY_ARRAY_API is set."""


def failures_of_imbalanced_learn(sampler: Sampler) -> Iterator[str]:
    from imblearn.utils.estimator_checks import estimator_checks_generator

    checks = list(estimator_checks_generator(sampler))
    assert len(checks) > 12
    for estimator, check in checks:
        try:
            check(estimator)
        except ArgumentError:  # a refusal by name, which no other failure passes for
            yield check.func.__name__


@pytest.mark.slow
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_strategy_passes_the_checks_or_is_listed_with_a_reason(strategy: StrategyName) -> None:
    from sklearn.utils.estimator_checks import check_estimator

    sampler = Sampler(strategy, options=OPTIONS.get(strategy))
    known = {name for names in NOT_PASSED.get(strategy, {}).values() for name in names}
    assert set(failures_of_imbalanced_learn(sampler)) == known
    results = check_estimator(sampler, on_fail="raise", on_skip=None)
    assert len(results) > 35
    assert {one["check_name"] for one in results if one["status"] != "passed"} <= SKIPPED
