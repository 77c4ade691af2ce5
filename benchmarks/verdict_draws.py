"""How much a verdict depends on the seeds of sampler and learner, and how often its interval covers.

Run `python benchmarks/verdict_draws.py FILE:TARGET[:SEPARATOR] ... [--strategies ...] [--seeds 6] [--draws 10]` for
real tables: rows stay in their partitions, only the seeds of sampler and learners differ. Prints for each table,
strategy and learner the verdicts, the share of pairs of seeds with the same verdict, and the share of pairs whose
intervals do not meet; then the same over all.

Run `python benchmarks/verdict_draws.py --simulate 100` for simulated tables whose truth is known: scores of a model
without resampling, and of further ones that each draw makes differently. The mean effect over endless draws is known
by integration: 0 in half of the cells. Prints the share of tables whose interval covers it, and of false verdicts.

With `--keep FILE` each finished piece is a line of that file, and a later start goes on from there.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from scipy import optimize

from counterpoise.config import BalanceConfig, EvaluationConfig
from counterpoise.evaluate import EvaluatedArm, Predictions
from counterpoise.evaluate._arms import train_arms
from counterpoise.evaluate._draws import DrawnArms, LearnerDraws, draw_again
from counterpoise.evaluate._inference.mean_effects import mean_effects
from counterpoise.evaluate._tables import EvaluationTables, LabelCodes, ResampledTrain, read_label_codes
from counterpoise.evaluate._task import EvaluationTask
from counterpoise.evaluate._verdict import strategy_verdict, verdict_change
from counterpoise.frames import resample_frame
from counterpoise.metrics import HEADLINE, Ranking
from counterpoise.runtime import child_generator, child_seed
from counterpoise.typing import Copies, Floats, Mask

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.interval_coverage import true_average_precision  # as a script, too
from benchmarks.kept import Kept

LEARNERS = ("logistic_regression", "hist_gradient_boosting")


@dataclass(frozen=True)
class Agreement:
    """The verdicts of several seeds on one table, strategy and learner, and their intervals."""

    outcomes: tuple[str, ...]
    intervals: tuple[tuple[float, float], ...]

    @property
    def same(self) -> list[bool]:
        """Whether the verdicts of each pair of seeds are the same."""
        return [one == other for one, other in itertools.combinations(self.outcomes, 2)]

    @property
    def apart(self) -> list[bool]:
        """Whether the intervals of each pair of seeds do not meet."""
        pairs = itertools.combinations(self.intervals, 2)
        return [max(one[0], other[0]) > min(one[1], other[1]) for one, other in pairs]


def split_table(frame: Any, target: str, *, seed: int = 0) -> dict[str, Any]:
    """Split a frame 60/20/20 by class."""
    rng, part = np.random.default_rng(seed), np.zeros(len(frame), int)
    labels = frame[target].astype(str).to_numpy()
    for name in np.unique(labels):
        rows = rng.permutation(np.flatnonzero(labels == name))
        fifth = len(rows) // 5
        part[rows[:fifth]], part[rows[fifth : 2 * fifth]] = 1, 2
    return {name: frame[part == place] for place, name in enumerate(("train", "validation", "test"))}


def tables_of(parts: dict[str, Any], target: str, strategy: str, *, seed: int) -> EvaluationTables:
    """Return the tables of an evaluation; train can be resampled again with any seed."""

    def draw(number: int) -> ResampledTrain:
        config = BalanceConfig.model_validate(
            {
                "name": "drawn", "source": {"path": "drawn.csv"}, "columns": {"target": target},
                "resampling": {"strategy": strategy}, "seed": number,
            }
        )  # fmt: skip
        features, labels = resample_frame(parts["train"].drop(columns=target), parts["train"][target], config=config)
        return ResampledTrain(pa.Table.from_pandas(features.assign(**{target: labels}), preserve_index=False))

    plain = {name: pa.Table.from_pandas(part, preserve_index=False) for name, part in parts.items()}
    return EvaluationTables(
        train_natural=plain["train"], train_resampled=draw(seed).table, validation=plain["validation"],
        test=plain["test"], target=target, natural_rows=plain["train"].num_rows, redraw=draw,
    )  # fmt: skip


def agreements(
    parts: dict[str, Any], target: str, strategy: str, *, seeds: int, config: EvaluationConfig,
    kept: Kept | None = None, name: str = "",
) -> dict[str, Agreement]:  # fmt: skip
    """Return the verdicts of several seeds by learner."""
    found: dict[str, list[tuple[str, tuple[float, float]]]] = {name: [] for name in config.learners}
    for number in range(seeds):

        def work(number: int = number) -> list[tuple[str, str, float, float]]:
            outcomes = verdicts(parts, target, strategy, seed=number, config=config)
            return [(learner, said["outcome"], change["low"], change["high"]) for learner, said, change in outcomes]

        for learner, outcome, low, high in (kept or Kept()).once(f"{name} {strategy} {number}", work):
            found[learner].append((outcome, (low, high)))
    return {
        name: Agreement(tuple(outcome for outcome, _ in one), tuple(bounds for _, bounds in one))
        for name, one in found.items()
    }


def verdicts(
    parts: dict[str, Any], target: str, strategy: str, *, seed: int, config: EvaluationConfig
) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Yield each learner with its verdict and the difference that it is about, as an evaluation makes them."""
    seed = child_seed(seed, "verdict draws")
    tables = tables_of(parts, target, strategy, seed=seed)
    codes = read_label_codes(tables)
    task = EvaluationTask.of(codes, strategy=strategy, config=config)
    arms = train_arms(tables, codes, strategies=task.strategies, learners=config.learners, seed=seed)
    evaluated = [task.evaluate(arm) for arm in arms if isinstance(arm, Predictions)]
    drawn = draw_again(tables, task, evaluated, seed=seed, progress=lambda: None)
    for learner, draws in mean_effects(task, drawn, seed=seed).items():
        comparison = {"learner": learner, "differences": {}, "draws": draws}
        verdict = strategy_verdict(
            comparison, strategy=strategy, rows=task.deciding_rows, counted=task.counted, equivalence=config.equivalence
        )
        yield learner, verdict, verdict_change(comparison)


@dataclass(frozen=True)
class Cell:
    """One kind of simulated table.

    Attributes:
        positives: Positives in test, of ten times as many rows.
        effect: Whether the strategy has an effect on average; otherwise it is 0.
        spread: How much draws differ: the standard deviation of the distance between the classes.
    """

    positives: int
    effect: bool
    spread: float


PREVALENCE, DISTANCE, AGREEMENT = 0.1, 1.5, 0.8
CHUNK = 50
CELLS = tuple(Cell(*each) for each in itertools.product((60, 300), (False, True), (0.0, 0.1, 0.3)))


def mean_average_precision(distance: float, spread: float) -> float:
    """Return the mean over endless draws, whose distances are normal."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(9)
    values = [true_average_precision(distance + spread * node, PREVALENCE) for node in nodes]
    return float(np.dot(weights, values) / weights.sum())


def simulated(cell: Cell, *, draws: int, rng: np.random.Generator, distance: float) -> LearnerDraws:
    """Return the draws of one table; scores agree in part between draws, as those of models of one table do."""
    truth = np.arange(round(cell.positives / PREVALENCE)) < cell.positives
    own = rng.normal(size=len(truth))

    def arm(strategy: str, apart: float) -> EvaluatedArm:
        noise = rng.normal(size=len(truth))
        scores = np.sqrt(AGREEMENT) * own + np.sqrt(1 - AGREEMENT) * noise + apart * truth
        return scored("model", strategy, scores, truth)

    natural = arm("none", DISTANCE)
    drawn = [DrawnArms(arm("smote", distance + cell.spread * rng.normal()), natural) for _ in range(draws)]
    return LearnerDraws(sampler=True, learner=False, arms=drawn)


def scored(learner: str, strategy: str, scores: Floats, truth: Mask) -> EvaluatedArm:
    """Return an arm with its average precision only."""
    ranking = Ranking.from_scores(scores, truth)

    def measure(weights: Copies) -> dict[str, Floats]:
        return {HEADLINE.name: ranking.weigh(weights).average_precision}

    value = float(measure(np.ones((1, len(scores)), np.int32))[HEADLINE.name][0])
    return EvaluatedArm(learner, strategy, {"test": {HEADLINE.name: value}}, measure)


def coverage(cell: Cell, *, tables: int, draws: int, kept: Kept | None = None) -> tuple[float, float]:
    """Return the share of tables whose interval covers the mean effect, and of those with a firm verdict."""
    kept, shares = kept or Kept(), list[list[int]]()
    for first in range(0, tables, CHUNK):
        numbers = range(first, min(first + CHUNK, tables))
        key = f"{cell} {draws} draws {numbers}"
        shares.append(kept.once(key, lambda numbers=numbers: covered_and_firm(cell, numbers, draws=draws)))  # type: ignore[misc]
    covered, firm = np.sum(shares, axis=0) / tables
    return float(covered), float(firm)


def covered_and_firm(cell: Cell, numbers: range, *, draws: int) -> tuple[int, int]:
    """Return how many of some tables have an interval that covers the mean effect, and a firm verdict."""
    target = true_average_precision(DISTANCE, PREVALENCE) + (0.05 if cell.effect else 0.0)
    distance = float(optimize.brentq(lambda apart: mean_average_precision(apart, cell.spread) - target, 0.2, 4))
    effect, covered, firm = target - true_average_precision(DISTANCE, PREVALENCE), 0, 0
    test = (np.arange(round(cell.positives / PREVALENCE)) < cell.positives).astype(np.int32)
    codes = LabelCodes(("no", "yes"), test, test, test, test)
    task = EvaluationTask.of(codes, strategy="smote", config=EvaluationConfig())
    for number in numbers:
        rng = child_generator(number, "simulated verdicts", cell.positives, int(cell.effect), str(cell.spread))
        drawn = {"model": simulated(cell, draws=draws, rng=rng, distance=distance)}
        found = mean_effects(task, drawn, seed=number)["model"]
        change = found["effects"][HEADLINE.name]
        comparison = {"learner": "model", "differences": {}, "draws": found}
        verdict = strategy_verdict(comparison, strategy="smote", rows=cell.positives, counted="positives")
        covered += change["low"] <= effect <= change["high"]
        firm += verdict["outcome"] in ("helped", "hurt")
    return int(covered), firm


def read_table(argument: str) -> tuple[str, Any, str]:
    """Return the name, the rows and the label of a table given as FILE:TARGET[:SEPARATOR].

    A number is the place of the label in a file without a header.
    """
    import pandas as pd

    file, target, separator, *_ = [*argument.split(":"), ","]
    frame = pd.read_csv(file, sep=separator, header=None if target.isdecimal() else "infer")
    return Path(file).stem, frame.rename(columns=str), target


def real(
    arguments: Sequence[str], strategies: Sequence[str], *, seeds: int, config: EvaluationConfig, kept: Kept
) -> None:
    """Print the agreement of verdicts on real tables."""
    same, apart = list[bool](), list[bool]()
    for argument, strategy in itertools.product(arguments, strategies):
        name, frame, target = read_table(argument)
        parts = split_table(frame, target)
        key = f"{name} {config.draws} draws"
        found = agreements(parts, target, strategy, seeds=seeds, config=config, kept=kept, name=key)
        for learner, one in found.items():
            same += one.same
            apart += one.apart
            shares = f"same {np.mean(one.same):4.0%}, apart {np.mean(one.apart):4.0%}"
            outcomes = ", ".join(f"{one.outcomes.count(each)} {each}" for each in dict.fromkeys(one.outcomes))
            print(f"{name:<26}{strategy:<14}{learner:<24}{shares}  {outcomes}", flush=True)
    print(f"all: the same verdict in {np.mean(same):.1%} of {len(same)} pairs, apart {np.mean(apart):.1%}")


def main() -> None:
    """Print what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", nargs="*", help="FILE:TARGET[:SEPARATOR]")
    parser.add_argument("--strategies", nargs="+", default=["random_under", "random_over", "smote", "adasyn"])
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--draws", type=int, default=EvaluationConfig().draws)
    parser.add_argument("--simulate", type=int, default=0, help="tables per cell")
    parser.add_argument("--keep", type=Path, help="file of finished pieces")
    options = parser.parse_args()
    kept = Kept(options.keep)
    if options.tables:
        config = EvaluationConfig(learners=LEARNERS, draws=options.draws)
        real(options.tables, options.strategies, seeds=options.seeds, config=config, kept=kept)
    for cell in CELLS if options.simulate else ():
        covered, firm = coverage(cell, tables=options.simulate, draws=options.draws, kept=kept)
        print(f"{cell.positives:>5} positives, effect {0.05 if cell.effect else 0:<4}, spread {cell.spread:<4}"
              f" covered {covered:6.1%}  firm {firm:6.1%}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
