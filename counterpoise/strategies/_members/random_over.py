"""Random over-sampling: repeat rows of smaller classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from counterpoise.strategies._kinds import Selection

if TYPE_CHECKING:
    from counterpoise.typing import Codes, Copies


@dataclass(frozen=True, kw_only=True)
class Repetition(Selection):
    """A strategy that repeats rows at random."""

    def select(self, codes: Codes, wanted: Mapping[int, int], *, seed: int, options: Mapping[str, Any]) -> Copies:
        """Return how often each row is used."""
        from counterpoise.strategies._samplers import repeat_rows

        del options  # there are none
        return repeat_rows(codes, wanted, seed=seed)


STRATEGY = Repetition(
    name="random_over",
    label="random over-sampling",
    remark="repeats rows",
    family="over",
    chance=True,
    why_missed="",
    simplicity=5,
)
