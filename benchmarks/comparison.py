"""Measure the overhead of a comparison over its plain fits and predictions, and what two workers save.

Run `python benchmarks/comparison.py TABLE TARGET [--workers N] [--rounds N] [--learners …]`. A comparison runs as
by the flow, imports included; `plain` is the time of a script that loops over folds, strategies and learners with
imbalanced-learn's pipelines on features encoded once per fold, in one process and on one thread, without imports. CPU
seconds, of this process and its children, are meaningful on a busy machine, too.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from counterpoise.compare import list_candidates, prepare_in_process, processes_for, run_comparison
from counterpoise.compare._models import balanced, build_model
from counterpoise.compare._rounds.training_rows import TrainingRows
from counterpoise.config import BalanceConfig, build_config, parse_learner
from counterpoise.ingest import ingest_source
from counterpoise.records import Snapshot, SplitPlan, Validation
from counterpoise.results import DUMMY, Candidate, Comparison, Leaderboard, Rules
from counterpoise.split import split_snapshot

STRATEGIES = ("none", "class_weight", "random_over", "random_under", "smote")


def configuration(arguments: argparse.Namespace, workers: int) -> BalanceConfig:
    tournament = {"strategies": list(STRATEGIES), "learners": arguments.learners, "workers": workers}
    source, columns = {"path": arguments.table}, {"target": arguments.target}
    return build_config({"name": "comparison", "source": source, "columns": columns, "tournament": tournament})


def cpu_seconds() -> float:
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


@dataclass(frozen=True)
class Taken:
    """Wall clock and CPU seconds, those of child processes included."""

    seconds: float
    cpu: float


def timed(work: Callable[[], Any]) -> tuple[Any, Taken]:
    started, before = time.perf_counter(), cpu_seconds()
    found = work()
    return found, Taken(time.perf_counter() - started, cpu_seconds() - before)


def split_of(config: BalanceConfig, folder: Path) -> tuple[Snapshot, SplitPlan]:
    snapshot = ingest_source(config.source, target=config.columns.target, folder=folder / "ingest")
    split = split_snapshot(
        snapshot, columns=config.columns, config=config.split, seed=config.seed, folder=folder / "split",
        validation=Validation(success=True, outcomes=()),
    )  # fmt: skip
    return snapshot, split


def run(config: BalanceConfig, snapshot: Snapshot, split: SplitPlan, *, folder: Path) -> tuple[Comparison, Leaderboard]:
    """Run a whole comparison, including imports, as the flow does."""
    with processes_for(str(folder)):
        comparison = prepare_in_process(Rules.of(config), snapshot, split, folder=folder)
        return comparison, run_comparison(comparison)


def plain(comparison: Comparison) -> None:
    """Fit and predict as imbalanced-learn's pipelines do for the same candidates."""
    field = TrainingRows(comparison)
    with threadpool_limits(limits=1):
        for candidate in list_candidates(comparison.rules.tournament):
            for number in range(comparison.rounds if candidate.learner != DUMMY else 0):
                train, tested = field.features("train", number), field.features("test", number)
                targets = field.target_codes(field.train_rows(number).codes)
                plain_model(comparison, candidate).fit(train, targets).predict_proba(tested)


def plain_model(comparison: Comparison, candidate: Candidate) -> Any:
    from imblearn.over_sampling import SMOTE, RandomOverSampler
    from imblearn.pipeline import make_pipeline
    from imblearn.under_sampling import RandomUnderSampler

    samplers = {"random_over": RandomOverSampler, "random_under": RandomUnderSampler, "smote": SMOTE}
    seed = comparison.rules.seeds.learner
    model = build_model(parse_learner(candidate.learner), seed=seed)
    if candidate.strategy == "class_weight":
        return balanced(model)
    if candidate.strategy == "none":
        return model
    steps = [step for _, step in getattr(model, "steps", [("", model)])]
    return make_pipeline(samplers[candidate.strategy](random_state=seed), *steps)


def measure(arguments: argparse.Namespace, folder: Path) -> None:
    configs = {workers: configuration(arguments, workers) for workers in (1, arguments.workers)}
    snapshot, split = split_of(configs[1], folder)
    taken: dict[int, Taken] = {}
    for workers, config in configs.items():
        work = partial(run, config, snapshot, split, folder=folder / f"comparison-{workers}")
        (comparison, leaderboard), taken[workers] = timed(work)
        fits = sum(candidate.fit_seconds + candidate.predict_seconds for candidate in leaderboard.entries)
        one = taken[workers]
        print(f"{workers} workers: {one.seconds:.1f} s, CPU {one.cpu:.1f} s; fits and predictions {fits:.1f} s")
    plain_model(comparison, list_candidates(comparison.rules.tournament)[-1])  # so that its imports are not measured
    _, alone = timed(lambda: plain(comparison))
    print(f"plain: {alone.seconds:.1f} s, CPU {alone.cpu:.1f} s")
    print(f"overhead by CPU time: {taken[1].cpu / alone.cpu:.3f}, by the clock {taken[1].seconds / alone.seconds:.3f}")
    print(
        f"speed-up of {arguments.workers} workers: {taken[1].seconds / taken[arguments.workers].seconds:.2f}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table")
    parser.add_argument("target")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--learners", nargs="*", default=[])
    arguments = parser.parse_args()
    if os.environ.get("OMP_NUM_THREADS") != "1":  # read when OpenMP is loaded: only a fresh process can have it
        sys.exit(subprocess.call([sys.executable, *sys.argv], env={**os.environ, "OMP_NUM_THREADS": "1"}))
    for _ in range(arguments.rounds):
        with tempfile.TemporaryDirectory() as folder:
            measure(arguments, Path(folder))


if __name__ == "__main__":
    main()
