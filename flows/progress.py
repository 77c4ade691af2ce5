"""Show on standard error how far a stage is: a live line in a terminal, a line now and then in a log file."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from rich.console import Console

from counterpoise.flows.console import escape, say
from counterpoise.tasks.progress import PROGRESS_LOGGER, Step

_SECONDS_BETWEEN_LINES = 10.0
"""Where nothing can be drawn: how long a piece of work must take, and then how often it is reported."""
_SECONDS_TO_JUDGE = 2.0
"""How long work must have taken for an estimate of the rest."""


@contextmanager
def progress_shown() -> Iterator[None]:
    """Show the progress of stages in the block: as a live line if standard error is a terminal."""
    console = Console(stderr=True, highlight=False)
    logger = logging.getLogger(PROGRESS_LOGGER)
    with ExitStack() as shown:
        if console.is_terminal and not console.is_dumb_terminal:
            status = shown.enter_context(console.status("starting"))
            watch = _Watch(lambda step, seconds: status.update(escape(in_words(step, seconds))))
        else:
            watch = _Watch(_Lines())
        logger.addHandler(watch)
        logger.setLevel(logging.INFO)
        try:
            yield
        finally:
            logger.setLevel(logging.NOTSET)
            logger.removeHandler(watch)


def in_words(step: Step, seconds: float) -> str:
    """Return how far a stage is, and about how long the rest takes if that can be told.

    Args:
        step: How far the stage is.
        seconds: How long its work has taken so far.

    >>> in_words(Step("evaluate", "training learners", 3, 12, "fits"), 10.0)
    'evaluate: training learners, 3 of 12 fits, about 30 s left'
    >>> in_words(Step("persist", "writing the partitions", 0, 9, "windows of rows"), 100.0)
    'persist: writing the partitions, 0 of 9 windows of rows'
    >>> in_words(Step("split"), 5.0)
    'split'
    """
    if not step.total:
        return f"{step.stage}: {step.work}" if step.work else step.stage
    return ", ".join(
        [f"{step.stage}: {step.work}", f"{step.done:,} of {step.total:,} {step.unit}", *_rest(step, seconds)]
    )


def _rest(step: Step, seconds: float) -> list[str]:
    if not step.done or seconds < _SECONDS_TO_JUDGE:
        return []
    left = seconds * (step.total - step.done) / step.done
    return [f"about {left:.0f} s left" if left < 100 else f"about {left / 60:.0f} min left"]


class _Watch(logging.Handler):
    """Receives steps and shows them, with how long the current work has taken."""

    def __init__(self, show: Callable[[Step, float], None]) -> None:
        super().__init__()
        self._show = show
        self._work = ("", "")
        self._begun = 0.0

    def emit(self, record: logging.LogRecord) -> None:
        """Show the step of a record."""
        step: Step = record.step  # type: ignore[attr-defined]  # the records of this logger have one
        if self._work != (step.stage, step.work):
            self._work, self._begun = (step.stage, step.work), time.monotonic()
        self._show(step, time.monotonic() - self._begun)


class _Lines:
    """Writes a line about work that takes long, every few seconds."""

    def __init__(self) -> None:
        self._last = 0.0

    def __call__(self, step: Step, seconds: float) -> None:
        if not step.done or seconds < self._last:
            self._last = 0.0
        if seconds - self._last >= _SECONDS_BETWEEN_LINES:
            self._last = seconds
            say(f"  {in_words(step, seconds)}")
