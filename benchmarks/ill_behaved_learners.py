"""Measure how misbehaving learners, and kills of the processes that watch them, affect a comparison.

Run `python -m benchmarks.ill_behaved_learners [--rounds N] [--kills N] [--seed N]` in the project's folder. First every
learner of `tests/compare/ill_behaved.py` competes, two at a time, with a good one among them; then a template,
or a worker, is killed or stopped at random moments of further comparisons. It counts lost candidates other than
the culprit's, failed comparisons, waits beyond a limit, and processes left behind.
"""

from __future__ import annotations

# ruff: noqa: S311, SLF001  # nothing here is secret, and what is hit is inside
import argparse
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from counterpoise.compare import run_comparison
from counterpoise.compare._processes import subprocesses
from counterpoise.config._sections.timeouts import TimeoutsConfig
from counterpoise.results import CandidateResult, Comparison, Leaderboard, Rules
from tests.compare.comparisons import TREE, comparison_config, comparison_of, processes_of_this_one
from tests.compare.comparisons import signal as signal_table
from tests.compare.ill_behaved import ANSWERS, CLASSES, DEEDS, ENDLESS, RANKINGS, learner

HANGS_AFTER = 900.0
"""Seconds after which a comparison of this size counts as hanging."""

AT_A_TIME = 20
"""Culprits in one comparison, which may have fifty learners."""


def hold(comparison: Comparison, learners: Sequence[str], counts: Counter[str]) -> dict[str, CandidateResult]:
    """Run a comparison of the good learner and others; one that does not end in time ends the campaign."""
    found: list[Leaderboard] = []

    def run() -> None:
        config = comparison_config(folds=2, strategies=["none"], learners=[*learners, TREE], workers=2)
        config = config.model_copy(update={"timeouts": TimeoutsConfig(entry=0.5)})
        found.append(run_comparison(comparison.model_copy(update={"rules": Rules.of(config)})))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(HANGS_AFTER)
    counts["comparisons"] += 1
    counts["hangs"] += thread.is_alive()
    counts["failed comparisons"] += not found and not thread.is_alive()
    counts["processes left"] += len(processes_of_this_one())
    if not found:
        sys.exit(f"a comparison without an end or a leaderboard: {dict(counts)}")
    return {one.learner: one for one in found[0].entries}


def learners_that_misbehave(comparison: Comparison, counts: Counter[str]) -> None:
    """Let all compete that misbehave, and compare what becomes of them with what is to become of them."""
    reasons = {how: reason for deeds in (DEEDS, ENDLESS) for how, (_, reason) in deeds.items()}
    reasons |= dict.fromkeys((*ANSWERS, *CLASSES, *RANKINGS), "bad_")
    culprits = list(reasons)
    random.shuffle(culprits)
    for first in range(0, len(culprits), AT_A_TIME):
        part = culprits[first : first + AT_A_TIME]
        found = hold(comparison, [learner(how, f"{comparison.folder}/never") for how in part], counts)
        for how in part:
            result = found[learner(how, f"{comparison.folder}/never")]
            counts["learners that misbehave"] += 1
            if (result.status == "ok") != (not reasons[how]):
                counts["of them with another outcome"] += 1
                print(f"{how}: {result.status}: {result.reason}")
        counts["others' candidates lost"] += sum(found[name].status != "ok" for name in (TREE, "dummy"))


def kills(comparison: Comparison, number: int, counts: Counter[str]) -> None:
    """Kill or stop the template, or kill a worker, at a random moment of a comparison of good learners."""
    good = [f'sklearn.tree:DecisionTreeClassifier {{"max_depth": {depth}}}' for depth in range(1, 6)]
    for _ in range(number):
        what = random.choice(["template killed", "template killed", "template stopped", "worker killed"])
        stop = threading.Event()
        thread = threading.Thread(target=strike, args=(what, stop, counts), daemon=True)
        thread.start()
        found = hold(comparison, good, counts)
        stop.set()
        thread.join()
        failed = [one for one in found.values() if one.status != "ok"]
        counts[f"{what}: candidates lost"] += len(failed)
        counts["others' candidates lost"] += len(failed) - (what == "worker killed" and bool(failed))


def strike(what: str, stop: threading.Event, counts: Counter[str]) -> None:
    """Do it once there is something to be hit, after a moment."""
    moment = time.monotonic() + random.uniform(0, 8)
    while not stop.is_set():
        templates = [one.template.process.pid for one in subprocesses._open.values()]
        hit = templates if what.startswith("template") else [p for p in processes_of_this_one() if p not in templates]
        if hit and time.monotonic() > moment:
            try:
                os.kill(random.choice(hit), signal.SIGSTOP if what.endswith("stopped") else signal.SIGKILL)
            except ProcessLookupError:
                continue
            counts[what] += 1
            return
        time.sleep(0.01)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # it is a file
    random.seed(arguments.seed)
    counts, started = Counter[str](), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        sys.path.insert(0, str(Path(__file__).parents[1]))
        comparison = comparison_of(signal_table(120), Path(folder), folds=2, strategies=["none"], learners=[TREE])
        for _ in range(arguments.rounds):
            learners_that_misbehave(comparison, counts)
        kills(comparison, arguments.kills, counts)
    for name, value in counts.items():
        print(f"{name}: {value}")
    print(f"seconds: {time.monotonic() - started:.0f}", flush=True)


if __name__ == "__main__":
    main()
