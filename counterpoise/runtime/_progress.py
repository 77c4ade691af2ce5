"""Report the progress of a long stage to any listener."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """A listener that is called from time to time with a stage's progress."""

    def __call__(self, done: int, total: int) -> None:
        """Receive the work done and the total work, in the same unit (rows, fits)."""


def silent(done: int, total: int) -> None:
    """Ignore all progress."""
