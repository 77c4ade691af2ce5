"""Show how far a stage is: to Prefect as a progress artifact, and to the command line on a logger of its own."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from uuid import UUID

from counterpoise.runtime import Progress
from counterpoise.tasks.reporting import artifact_key, artifacts, in_run, try_publish

PROGRESS_LOGGER = "counterpoise.progress"
"""Receives a record for each step, with the step as its attribute `step`."""
_SECONDS_BETWEEN = 2.0

_logger = logging.getLogger(PROGRESS_LOGGER)
_logger.propagate = False


@dataclass(frozen=True)
class Step:
    """How far a stage is.

    Attributes:
        stage: The name of the stage's task.
        work: What it does at the moment; empty if there is no more to say.
        done: How many units of the work are done.
        total: How many there are; 0 if that is not known.
        unit: What is counted, in the plural.
    """

    stage: str
    work: str = ""
    done: int = 0
    total: int = 0
    unit: str = ""


def tell(step: Step) -> None:
    """Tell the command line how far a stage is; nobody listens elsewhere."""
    _logger.info("", extra={"step": step})


def stage_progress(dataset: str, stage: str, *, work: str, unit: str) -> Progress:
    """Return a listener that shows a stage's progress on the command line and in the Prefect UI.

    The UI is told every few seconds at most, and nothing of a stage that ends within the first few.

    Args:
        dataset: The dataset's name.
        stage: The name of the stage's task.
        work: What the stage does, such as "writing the partitions".
        unit: What its progress counts, in the plural, such as "windows of rows".
    """
    return _StageProgress(artifact_key(dataset, stage), Step(stage, work, unit=unit))


class _StageProgress:
    """Tells the command line of each step, and creates and updates a progress artifact."""

    def __init__(self, key: str, begun: Step) -> None:
        self._key = key
        self._begun = begun
        self._last_shown = time.monotonic()
        self._artifact: UUID | None = None

    def __call__(self, done: int, total: int) -> None:
        begun = self._begun
        tell(Step(begun.stage, begun.work, done, total, begun.unit) if done < total else Step(begun.stage))
        finished = done >= total and self._artifact is not None
        if not in_run() or (not finished and time.monotonic() - self._last_shown < _SECONDS_BETWEEN):
            return
        self._last_shown = time.monotonic()
        self._show(100.0 * min(done, total) / max(total, 1))

    def _show(self, percent: float) -> None:
        known, work = self._artifact, self._begun.work.capitalize()
        if known is None:
            self._artifact = try_publish(
                lambda: artifacts().create_progress_artifact(progress=percent, key=self._key, description=work)
            )
        else:
            try_publish(lambda: artifacts().update_progress_artifact(artifact_id=known, progress=percent))
