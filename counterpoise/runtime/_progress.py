"""How a long stage tells how far it is, without knowing who listens."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Progress", "silent"]


class Progress(Protocol):
    """Told now and then how far a stage is."""

    def __call__(self, done: int, total: int) -> None:
        """Take the work done and the work in all, in the same unit (rows, fits)."""


def silent(done: int, total: int) -> None:
    """Tell nobody."""
