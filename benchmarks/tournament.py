"""How much longer a tournament takes than the plain fits and predictions that it makes, and what two workers save.

Run `python benchmarks/tournament.py TABLE TARGET [--workers N]`. `plain` adds up, in one process and on one thread,
what a script would take that loops over folds, strategies and learners with imbalanced-learn's pipelines on features
encoded once a fold. CPU seconds, of this process and its children, tell on a busy machine, too.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from counterpoise.core.config import BalanceConfig
from counterpoise.core.config_file import build_config
from counterpoise.core.ingest import ingest_source
from counterpoise.core.records import Validation
from counterpoise.core.split import split_snapshot
from counterpoise.core.tournament.arena import Field, lay_out
from counterpoise.core.tournament.entries import list_entries
from counterpoise.core.tournament.models import balanced, build_model
from counterpoise.core.tournament.records import DUMMY, Arena, Entry, Rules
from counterpoise.core.tournament.run import run_tournament
from counterpoise.core.tournament.syntax import parse_learner

STRATEGIES = ("none", "class_weight", "random_over", "random_under", "smote")


def configuration(arguments: argparse.Namespace, workers: int) -> BalanceConfig:
    tournament = {"strategies": list(STRATEGIES), "learners": arguments.learners, "workers": workers}
    source, columns = {"path": arguments.table}, {"target": arguments.target}
    return build_config({"name": "bench", "source": source, "columns": columns, "tournament": tournament})


def cpu_seconds() -> float:
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


def arena_of(config: BalanceConfig, folder: Path) -> tuple[Arena, float]:
    snapshot = ingest_source(config.source, target=config.columns.target, folder=folder / "ingest")
    split = split_snapshot(
        snapshot, columns=config.columns, config=config.split, seed=config.seed, folder=folder / "split",
        validation=Validation(success=True, outcomes=()),
    )  # fmt: skip
    started = time.perf_counter()
    return lay_out(Rules.of(config), snapshot, split, folder=folder / "arena"), time.perf_counter() - started


def plain_seconds(arena: Arena) -> float:
    """Return the seconds that imbalanced-learn's pipelines take for the same entries."""
    field, seconds = Field(arena), 0.0
    with threadpool_limits(limits=1):
        for entry in list_entries(arena.rules.tournament):
            for number in range(arena.rounds if entry.learner != DUMMY else 0):
                train, tested = field.features("train", number), field.features("test", number)
                asked = field.asked(field.train_rows(number).codes)
                started = time.perf_counter()
                plain_model(arena, entry).fit(train, asked).predict_proba(tested)
                seconds += time.perf_counter() - started
    return seconds


def plain_model(arena: Arena, entry: Entry) -> Any:
    from imblearn.over_sampling import SMOTE, RandomOverSampler
    from imblearn.pipeline import make_pipeline
    from imblearn.under_sampling import RandomUnderSampler

    samplers = {"random_over": RandomOverSampler, "random_under": RandomUnderSampler, "smote": SMOTE}
    seed = arena.rules.seeds.learner
    model = build_model(parse_learner(entry.learner), seed=seed)
    if entry.strategy == "class_weight":
        return balanced(model)
    if entry.strategy == "none":
        return model
    steps = [step for _, step in getattr(model, "steps", [("", model)])]
    return make_pipeline(samplers[entry.strategy](random_state=seed), *steps)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table")
    parser.add_argument("target")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--learners", nargs="*", default=[])
    arguments = parser.parse_args()
    taken = {}
    for workers in (1, arguments.workers):
        before = cpu_seconds()
        with tempfile.TemporaryDirectory() as folder:
            arena, laid_out = arena_of(configuration(arguments, workers), Path(folder))
            started = time.perf_counter()
            board = run_tournament(arena)
            taken[workers] = laid_out + time.perf_counter() - started
            fits = sum(entry.fit_seconds + entry.predict_seconds for entry in board.entries)
            spent = cpu_seconds() - before
            print(f"{workers} workers: {taken[workers]:.1f} s, of them {laid_out:.1f} s to lay out; CPU {spent:.1f} s")
            print(f"  fits and predictions {fits:.1f} s; overhead on them {taken[workers] / fits:.3f}", flush=True)
            if workers == 1:
                before = cpu_seconds()
                plain = plain_seconds(arena)
                cpu = cpu_seconds() - before
                print(f"plain: {plain:.1f} s, CPU {cpu:.1f} s; overhead {taken[1] / plain:.3f}, CPU {spent / cpu:.3f}")
    print(f"speed-up of {arguments.workers} workers: {taken[1] / taken[arguments.workers]:.2f}")


if __name__ == "__main__":
    main()
