"""Whether the tournaments of a dataset are those that were played, as far as their files can tell."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator

from counterpoise.core.digest import json_sha256
from counterpoise.core.errors import IntegrityError
from counterpoise.core.persist.layout import DatasetFolder
from counterpoise.core.persist.stored_files import problem_of, read_plain_file, read_stored
from counterpoise.core.tournament.looks import StoredLook
from counterpoise.core.tournament.records import Leaderboard
from counterpoise.core.tournament.store import REMEDY, StoredLeaderboard, is_board

__all__ = ["tournament_differences"]

_SMALLER_IS_BETTER = frozenset({"brier", "log_loss"})


def tournament_differences(folder: DatasetFolder) -> list[str]:
    """Return how tournaments and looks differ from what was written, in sentences; nothing where they hold.

    Args:
        folder: The dataset.
    """
    differences: list[str] = []
    for file in folder.store.files("tournaments"):
        if not file.name.endswith(".json") or file.name.rpartition("/")[2].startswith("."):
            continue
        try:
            found = _board(folder, file.name) if is_board(file.name) else _look(folder, file.name)
            differences += [f"{file.name}: {difference}" for difference in found]
        except IntegrityError as error:
            differences.append(problem_of(error))
    return differences


def _look(folder: DatasetFolder, name: str) -> Iterator[str]:
    look = read_stored(folder, StoredLook, name)
    if name.rpartition("/")[2] != f"{look.key}.json":
        yield f"a look of {look.key[:100]}"


def _board(folder: DatasetFolder, name: str) -> Iterator[str]:
    board = read_stored(folder, StoredLeaderboard, name, remedy=REMEDY)
    if board.origin is None:
        yield "without its origin"
        return
    settings = {field: value for field, value in board.origin.config["tournament"].items() if field != "workers"}
    if name != f"tournaments/{json_sha256([board.origin.run_key, settings])}.json":
        yield "not the tournament of its run key and settings"
    if board.page_sha256 is not None:
        page = read_plain_file(folder, f"{name.removesuffix('.json')}.html", remedy=REMEDY)
        if hashlib.sha256(page).hexdigest() != board.page_sha256:
            yield "its page has other content than was written"
    yield from _ranking(board)


def _ranking(board: Leaderboard) -> Iterator[str]:
    """Yield which figures do not follow from those of the folds, and that entries are not in their order."""
    for entry in board.ranked:
        for metric, mean in entry.mean.items():
            values = [value for fold in entry.folds if (value := fold.get(metric)) is not None]
            wanted = math.fsum(values) / len(values) if values else None
            if (mean is None) != (wanted is None) or not math.isclose(mean or 0, wanted or 0, abs_tol=1e-9):
                yield f"{entry.name[:100]}: mean {metric} is {mean} instead of {wanted}"
    means = [mean for entry in board.ranked if (mean := entry.mean.get(board.metric)) is not None]
    if means != sorted(means, reverse=board.metric not in _SMALLER_IS_BETTER):
        yield f"entries are not in the order of {board.metric}"
    entries = [(entry.strategy, entry.learner) for entry in board.entries]
    for role, entry in (("chosen", board.chosen), ("best", board.best)):
        if entry is not None and (entry.strategy, entry.learner) not in entries:
            yield f"{role} is no entry"
