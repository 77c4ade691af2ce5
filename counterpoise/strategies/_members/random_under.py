"""Random under-sampling: drop rows of larger classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from counterpoise.strategies._kinds import Selection
from counterpoise.strategies._strategy import Options

if TYPE_CHECKING:
    from counterpoise.typing import Codes, Copies


class _Replacement(Options):
    replacement: bool = False


@dataclass(frozen=True, kw_only=True)
class _Thinning(Selection):
    def select(self, codes: Codes, wanted: Mapping[int, int], *, seed: int, options: Mapping[str, Any]) -> Copies:
        """Return how often each row is used, after thinning larger classes at random.

        Classes that keep their rows do not take part in the draw: with replacement it would repeat some and drop
        others.
        """
        import numpy as np
        from imblearn.under_sampling import RandomUnderSampler

        from counterpoise.strategies._samplers import shrinking, taken_rows

        sampler = RandomUnderSampler(sampling_strategy=shrinking(codes, wanted), random_state=seed, **options)
        return taken_rows(codes, np.arange(len(codes)), sampler)


STRATEGY = _Thinning(
    name="random_under",
    label="random under-sampling",
    remark="drops rows at random",
    family="under",
    options=_Replacement,
    chance=True,
    why_missed="",
    simplicity=4,
)
