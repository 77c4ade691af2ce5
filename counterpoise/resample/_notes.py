"""Notes on a plan: targets that were missed, and settings that had no effect."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from counterpoise.resample._job import ResamplingJob
from counterpoise.resample._targets import unmet_ratios


def plan_notes(job: ResamplingJob, reached: npt.NDArray[np.int64]) -> Iterator[str]:
    """Yield a note for each deviation from the configuration.

    Args:
        job: The input of the plan.
        reached: Rows by class code, or their weights.
    """
    yield from _exact_search(job)
    yield from unmet_ratios(job.train.counts(), job.config)
    yield from _missed_targets(job, reached)


def _exact_search(job: ResamplingJob) -> Iterator[str]:
    """Yield a note if approximate search is configured but not used."""
    strategy = job.strategy
    if job.config.neighbor_search == "exact" or strategy.sees == "labels":
        return
    asked = "neighbor_search: approximate"
    if not strategy.approximates:
        yield f"{asked} has no effect on {strategy.label}: only SMOTE and SMOTENC support it"
    elif job.smote_kind == "smoten":
        yield f"{asked} has no effect: the features are all categories, which SMOTEN searches exactly"
    elif strategy.family == "combine":
        yield f"{asked} was used for SMOTE; the cleaning after it searched exactly"


def _missed_targets(job: ResamplingJob, reached: npt.NDArray[np.int64]) -> Iterator[str]:
    """Yield a note for each class that misses its wanted rows, with the possible reason."""
    strategy = job.strategy
    if strategy.family == "clean":
        kept = [int(count) for count in reached[job.present > 0]]
        yield (
            f"{strategy.label} has no target: it drops rows by their features, "
            f"and the smallest class now has {min(kept) / max(kept):.3g} of the largest"
        )
        return
    for code, number in job.wanted.items():
        if reached[code] != number:
            found = f"{number:,} rows wanted, {int(reached[code]):,} reached"
            yield f"class {job.train.classes[code]!r}: {found}; {strategy.why_missed}"
