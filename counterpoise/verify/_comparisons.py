"""Check stored comparisons and accesses to test, as far as their files allow."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from pydantic import ValidationError

from counterpoise.compare import REMEDY, StoredLeaderboard, final_verdict, interval, is_leaderboard
from counterpoise.errors import IntegrityError
from counterpoise.metrics import METRICS
from counterpoise.persist import DatasetFolder, problem_of, read_plain_file, read_stored
from counterpoise.results import DUMMY, CandidateResult, Difference, Draws, Leaderboard
from counterpoise.runtime import json_sha256
from counterpoise.verify._draws import draws_differences
from counterpoise.versions import StoredAccess


def comparison_differences(folder: DatasetFolder) -> list[str]:
    """Return how comparisons and accesses to test differ from those recorded, in sentences; empty if they do not.

    Args:
        folder: The dataset.
    """
    differences: list[str] = []
    for file in folder.store.files("tournaments"):
        if not file.name.endswith(".json") or file.name.rpartition("/")[2].startswith("."):
            continue
        try:
            found = _leaderboard(folder, file.name) if is_leaderboard(file.name) else _access(folder, file.name)
            differences += [f"{file.name}: {difference}" for difference in found]
        except IntegrityError as error:
            differences.append(problem_of(error))
    return differences


def _access(folder: DatasetFolder, name: str) -> Iterator[str]:
    access = read_stored(folder, StoredAccess, name)
    if name.rpartition("/")[2] != f"{access.key}.json":
        yield f"an access by {access.key[:100]}"


def _leaderboard(folder: DatasetFolder, name: str) -> Iterator[str]:
    board = read_stored(folder, StoredLeaderboard, name, remedy=REMEDY)
    if board.origin is None:
        yield "its origin is missing"
        return
    compared = board.origin.config.get("tournament")
    settings = {
        field: value for field, value in (compared if isinstance(compared, dict) else {}).items() if field != "workers"
    }
    if name != f"tournaments/{json_sha256([board.origin.run_key, settings])}.json":
        yield "not the comparison of its run key and settings"
    if board.page_sha256 is not None:
        page = read_plain_file(folder, f"{name.removesuffix('.json')}.html", remedy=REMEDY)
        if hashlib.sha256(page).hexdigest() != board.page_sha256:
            yield "its page was changed"
    yield from _ranking(board)
    yield from _final(board, board.origin.config)


def _final(board: Leaderboard, config: Mapping[str, Any]) -> Iterator[str]:
    """Yield contradictions between the figures of the final, its draws and its verdict."""
    final, evaluation = board.final, config.get("evaluation")
    if final is None:
        return
    known = "as_rows" in final.model_fields_set  # earlier finals did not consider it
    equivalence = evaluation.get("equivalence", 0.0) if known and isinstance(evaluation, dict) else 0.0
    try:
        for one in final.comparisons:
            draws = Draws.model_validate(one["draws"]) if "draws" in one else None
            differences = {name: Difference.model_validate(found) for name, found in one["differences"].items()}
            yield from (f"final: draws: {problem}" for problem in draws_differences(draws, differences))
        wanted = final_verdict(final, equivalence=equivalence)
    except (ValidationError, KeyError, TypeError, ValueError, AttributeError) as error:
        yield f"final: unreadable figures ({type(error).__name__})"
        return
    if {"verdict": final.verdict, "outcome": final.outcome} != wanted:
        yield f"final: the verdict is {final.verdict[:300]!r} instead of {wanted['verdict']!r}"


def _ranking(board: Leaderboard) -> Iterator[str]:
    """Yield figures that do not follow from the folds, and report candidates that are out of order."""
    for candidate in board.entries:
        if candidate.status == "ok" and len(candidate.folds) != board.folds * board.repeats:
            yield f"{candidate.name[:100]}: {len(candidate.folds)} folds instead of {board.folds * board.repeats}"
        yield from _figures(candidate, board)
    means = [mean for candidate in board.ranked if (mean := candidate.mean.get(board.metric)) is not None]
    if means != sorted(means, reverse=METRICS[board.metric].better == "larger"):
        yield f"candidates are not ranked by {board.metric}"
    if board.counts != {"measured": len(board.ranked), "set_apart": len(board.set_apart)}:
        yield "counts differ from those of its candidates"
    if board.train_rows < board.rows or sum(board.classes.values()) != board.rows:
        yield "classes differ from those of its rows"
    candidates = [(candidate.strategy, candidate.learner) for candidate in board.ranked]
    trained = [candidate for candidate in candidates if candidate[1] != DUMMY]
    for role, named in (("chosen", board.chosen), ("best", board.best)):
        if named is not None and (named.strategy, named.learner) not in trained:
            yield f"{role} is not a candidate"
    if board.best is not None and (board.best.strategy, board.best.learner) not in trained[:1]:
        yield "best is not the first candidate"


def _figures(candidate: CandidateResult, board: Leaderboard) -> Iterator[str]:
    """Yield the figures of a candidate that differ from those of its folds."""
    for metric in candidate.mean:
        values = [value for fold in candidate.folds if (value := fold.get(metric)) is not None]
        wanted: dict[str, float | None] = {"mean": float(np.mean(values)) if values else None}
        if not board.in_time and board.folds > 1 and len(values) > 1:
            low, high = interval(values, test_to_train=1 / (board.folds - 1)) or (None, None)
            wanted |= {"deviation": float(np.std(values, ddof=1)), "low": low, "high": high}
        for figure, value in wanted.items():
            found = getattr(candidate, figure).get(metric)
            if not _follows(found, _possible(metric, figure, value)):
                yield f"{candidate.name[:100]}: {figure} of {metric} is {found} instead of {value}"


def _possible(metric: str, figure: str, value: float | None) -> float | None:
    """Return a bound cut to the metric's range."""
    least, most = METRICS[metric].range
    return value if value is None or figure not in ("low", "high") else min(max(value, least), most)


def _follows(found: float | None, wanted: float | None) -> bool:
    """Return whether a figure follows from the folds."""
    if found is None or wanted is None:
        return found is wanted
    return math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-9)
