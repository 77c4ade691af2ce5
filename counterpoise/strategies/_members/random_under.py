"""Random under-sampling: rows of larger classes are dropped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from counterpoise.strategies._kinds import Selection
from counterpoise.strategies._strategy import Options

if TYPE_CHECKING:
    from counterpoise.typing import Codes, Copies

__all__ = ["STRATEGY"]


class _Replacement(Options):
    replacement: bool = False


@dataclass(frozen=True, kw_only=True)
class _Thinning(Selection):
    def select(self, codes: Codes, wanted: Mapping[int, int], *, seed: int, options: Mapping[str, Any]) -> Copies:
        from counterpoise.strategies._samplers import select_rows

        return select_rows(codes, wanted, seed=seed, options=options)


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
