"""Further draws of a strategy and its learners, because a verdict about one draw is a verdict about its luck.

Six seeds of random under-sampling gave differences in average precision from -.184 to -.023 on the same rows. So what
is drawn at random is drawn several times: the strategy's rows by further seeds, and a learner that draws by further
seeds of its own, in both arms. Whatever is not random is fitted once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from counterpoise.config import EvaluationConfig
from counterpoise.errors import EvaluationError
from counterpoise.evaluate._arms import EvaluatedArm, FittingTask, Predictions, draws_at_random
from counterpoise.evaluate._tables import EvaluationTables, ResampledTrain
from counterpoise.evaluate._task import EvaluationTask
from counterpoise.runtime import child_seed
from counterpoise.strategies import STRATEGIES

FEWEST_DRAWS = 3
_MOST_ROWS = 150_000
"""Train rows of all further draws together, unless fewer than `FEWEST_DRAWS` have more."""


@dataclass(frozen=True)
class DrawnArms:
    """A learner with the strategy and without, in one draw."""

    resampled: EvaluatedArm
    natural: EvaluatedArm


@dataclass
class LearnerDraws:
    """All draws of a learner, the published one first.

    Attributes:
        sampler: Whether the strategy's rows were drawn anew.
        learner: Whether the learner was fitted with further seeds of its own.
        arms: One entry per draw.
        note: Why there are fewer draws than `evaluation.draws`; empty if there are not.
    """

    sampler: bool
    learner: bool
    arms: list[DrawnArms]
    note: str = ""


@dataclass(frozen=True)
class DrawsBudget:
    """The time that further draws may take."""

    seconds: float
    started: float = field(default_factory=time.monotonic)

    def allows(self, draws: int) -> bool:
        """Return whether a draw after these, the published one included, is one of the fewest or would end in time.

        It is taken to last as long as the mean of those before.
        """
        spent = time.monotonic() - self.started
        return draws < FEWEST_DRAWS or spent + spent / (draws - 1) <= self.seconds

    @staticmethod
    def note(draws: int, wanted: int) -> str:
        """Return why draws ended."""
        return f"draws ended after {draws} of {wanted}: the time was up (evaluation.draws_seconds)"


def draw_again(
    tables: EvaluationTables,
    task: EvaluationTask,
    evaluated: list[EvaluatedArm],
    *,
    seed: int,
    progress: Callable[[], None],
) -> dict[str, LearnerDraws]:
    """Return the draws of each learner; none if nothing was resampled.

    Args:
        tables: The tables; with `redraw` None the strategy's rows cannot be drawn again.
        task: The evaluation task.
        evaluated: The arms of the published draw.
        seed: The run's seed.
        progress: Called after each draw.
    """
    found = _published(tables, task, evaluated)
    wanted, note = affordable_draws(task.config, tables.train_resampled.num_rows)
    fitting = FittingTask.of(tables, task.codes, seed=seed)
    budget = DrawsBudget(task.config.draws_seconds)
    if any(one.sampler or one.learner for one in found.values()):
        for draw in range(1, wanted):
            if not budget.allows(draw):
                note = budget.note(draw, wanted)
                break
            try:
                _draw(found, tables, task, fitting, draw=draw, seed=child_seed(seed, "evaluate", "draw", draw))
            except EvaluationError as error:
                note = f"draws ended after {draw} of {wanted}: {error.found}"
                break
            progress()
    for one in found.values():
        one.note = note if one.sampler or one.learner else ""
    return found


def planned_draws(tables: EvaluationTables, task: EvaluationTask) -> int:
    """Return how many further draws there are to be if time allows."""
    repeated = _sampler_draws(tables, task) or any(draws_at_random(name) for name in task.config.learners)
    if task.strategy == "none" or not repeated:
        return 0
    return affordable_draws(task.config, tables.train_resampled.num_rows)[0] - 1


def _published(
    tables: EvaluationTables, task: EvaluationTask, evaluated: list[EvaluatedArm]
) -> dict[str, LearnerDraws]:
    if task.strategy == "none":
        return {}
    arms = {(arm.learner, arm.strategy): arm for arm in evaluated}
    sampler = _sampler_draws(tables, task)
    return {
        name: LearnerDraws(sampler, draws_at_random(name), [DrawnArms(arms[name, task.strategy], arms[name, "none"])])
        for name in task.config.learners
    }


def _sampler_draws(tables: EvaluationTables, task: EvaluationTask) -> bool:
    return tables.redraw is not None and STRATEGIES[task.strategy].chance


def affordable_draws(config: EvaluationConfig, rows: int) -> tuple[int, str]:
    """Return the number of draws, at least `FEWEST_DRAWS` if that many are wanted, and why it is not as wanted.

    Args:
        config: The number wanted.
        rows: Train rows of a draw.
    """
    wanted = config.draws
    most = max(FEWEST_DRAWS, 1 + _MOST_ROWS // max(1, rows))
    if wanted <= most:
        return wanted, ""
    return most, f"{most} instead of {wanted} draws of {rows:,} train rows, for speed"


def _draw(
    found: dict[str, LearnerDraws], tables: EvaluationTables, task: EvaluationTask, fitting: FittingTask,
    *, draw: int, seed: int,
) -> None:  # fmt: skip
    """Add a draw to each learner of which anything is random."""
    learners = tuple(name for name in task.config.learners if found[name].sampler or found[name].learner)
    random = tuple(name for name in learners if found[name].learner)
    rows = ResampledTrain(tables.train_resampled, tables.weights)
    if tables.redraw is not None and STRATEGIES[task.strategy].chance:
        rows = tables.redraw(seed)
    resampled = {one.learner: one for one in fitting.fit(task.strategy, rows, learners=learners, draw=draw)}
    natural: dict[str, Predictions] = {}
    if random:
        plain = ResampledTrain(tables.train_natural)
        natural = {one.learner: one for one in fitting.fit("none", plain, learners=random, draw=draw)}
    for name in learners:
        other = task.evaluate(natural[name]) if name in natural else found[name].arms[0].natural
        found[name].arms.append(DrawnArms(task.evaluate(resampled[name]), other))


def values_by_draw(one: LearnerDraws, metric: str) -> list[float]:
    """Return the difference of a metric on test in each draw, NaN where undefined."""
    pairs = [(arms.resampled.record["test"], arms.natural.record["test"]) for arms in one.arms]
    return [float(np.subtract(ours.get(metric, np.nan), none.get(metric, np.nan))) for ours, none in pairs]
