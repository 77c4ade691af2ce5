"""Strategies that look at labels alone: they repeat or drop rows and never see a feature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from counterpoise.split import TrainRows
from counterpoise.typing import Copies

__all__ = ["repeat_rows", "select_rows"]


def repeat_rows(train: TrainRows, wanted: Mapping[int, int], *, seed: int) -> Copies:
    """Return how often each train row stands in the result, smaller classes repeated at random.

    Args:
        train: The train rows.
        wanted: Rows by class code, none below what is there.
        seed: Seed of imbalanced-learn's `RandomOverSampler`.
    """
    from imblearn.over_sampling import RandomOverSampler

    present = np.bincount(train.codes, minlength=len(train.classes))
    growing = {code: number for code, number in wanted.items() if number > present[code]}
    if not growing:
        return np.ones(len(train.rows), dtype=np.int32)
    concerned = np.isin(train.codes, list(growing))
    concerned[np.argmin(concerned)] = True  # one row of another class, if there is one: a sampler wants two
    sampler = RandomOverSampler(sampling_strategy=growing, random_state=seed)
    return _copies(train, np.flatnonzero(concerned), sampler)


def select_rows(
    train: TrainRows, wanted: Mapping[int, int], *, seed: int, options: Mapping[str, Any] | None = None
) -> Copies:
    """Return how often each train row stands in the result, larger classes thinned at random.

    Classes that keep their rows are left out of the draw: with replacement it would repeat some and drop others.

    Args:
        train: The train rows.
        wanted: Rows by class code, none above what is there.
        seed: Seed of imbalanced-learn's `RandomUnderSampler`.
        options: Its further options.
    """
    from imblearn.under_sampling import RandomUnderSampler

    present = np.bincount(train.codes, minlength=len(train.classes))
    shrinking = {code: number for code, number in wanted.items() if number < present[code]}
    sampler = RandomUnderSampler(sampling_strategy=shrinking, random_state=seed, **(options or {}))
    return _copies(train, np.arange(len(train.rows)), sampler)


def _copies(train: TrainRows, concerned: npt.NDArray[np.int64], sampler: Any) -> Copies:
    """Let the sampler choose among the positions that concern it and count its choices; other rows stand once."""
    sampler.fit_resample(concerned.reshape(-1, 1), train.codes[concerned])
    copies = np.ones(len(train.rows), dtype=np.int32)
    copies[concerned] = np.bincount(sampler.sample_indices_, minlength=len(concerned))
    return copies
