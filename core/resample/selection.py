"""Strategies that look at labels alone: they repeat or drop rows and never see a feature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from counterpoise.core.split import TrainRows

__all__ = ["repeat_rows", "select_rows"]

Copies = npt.NDArray[np.int32]


def repeat_rows(train: TrainRows, wanted: Mapping[int, int], *, seed: int) -> Copies:
    """Return how often each train row stands in the result, smaller classes repeated at random.

    Args:
        train: The train rows.
        wanted: Rows by class code, none below what is there.
        seed: Seed of imbalanced-learn's `RandomOverSampler`.
    """
    from imblearn.over_sampling import RandomOverSampler

    return _copies(train, RandomOverSampler(sampling_strategy=dict(wanted), random_state=seed))


def select_rows(
    train: TrainRows, wanted: Mapping[int, int], *, seed: int, options: Mapping[str, Any] | None = None
) -> Copies:
    """Return how often each train row stands in the result, larger classes thinned at random.

    Args:
        train: The train rows.
        wanted: Rows by class code, none above what is there.
        seed: Seed of imbalanced-learn's `RandomUnderSampler`.
        options: Its further options.
    """
    from imblearn.under_sampling import RandomUnderSampler

    return _copies(train, RandomUnderSampler(sampling_strategy=dict(wanted), random_state=seed, **(options or {})))


def _copies(train: TrainRows, sampler: Any) -> Copies:
    """Let the sampler choose among row positions and count its choices."""
    positions = np.arange(len(train.rows)).reshape(-1, 1)
    sampler.fit_resample(positions, train.codes)
    return np.bincount(sampler.sample_indices_, minlength=len(train.rows)).astype(np.int32)
