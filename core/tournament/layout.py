"""Laying out a tournament: the arena drawn up, then each round's features encoded, several rounds side by side."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pyarrow as pa

from counterpoise.core.errors import EngineError
from counterpoise.core.records import Snapshot, SplitPlan
from counterpoise.core.tournament.apart import ask_apart, cut_short
from counterpoise.core.tournament.drawing import Bonds, draw_up, draw_up_table
from counterpoise.core.tournament.encoding import encode_round, with_encodings
from counterpoise.core.tournament.orders import DrawUp, Encode
from counterpoise.core.tournament.records import Arena, Encoding, Rules
from counterpoise.core.tournament.workers import workers
from counterpoise.core.tournament.zygote_process import ProcessEnded

__all__ = ["lay_out", "lay_out_apart", "lay_out_table"]


def lay_out(rules: Rules, snapshot: Snapshot, split: SplitPlan, *, folder: Path) -> Arena:
    """Lay out a tournament among the train rows of a split, in this process; no other row is read.

    Args:
        rules: Who takes part and how.
        snapshot: The source.
        split: Which of its rows are train.
        folder: Where the arena is laid out.

    Raises:
        EvaluationError: The train rows are too few to divide into folds.
        ConfigError: `evaluation.positive_class` names no class.
    """
    return _encoded(draw_up(rules, snapshot, split, folder=folder))


def lay_out_table(rules: Rules, table: pa.Table, *, folder: Path, bonds: Bonds | None = None) -> Arena:
    """Lay out a tournament among the rows of a table, features and label, in this process.

    Args:
        rules: Who takes part and how.
        table: The rows.
        folder: Where the arena is laid out.
        bonds: What ties rows to each other and to time; nothing by default.

    Raises:
        EvaluationError: The rows are too few to divide into folds.
        ConfigError: `evaluation.positive_class` names no class.
    """
    return _encoded(draw_up_table(rules, table, folder=folder, bonds=bonds))


def lay_out_apart(rules: Rules, snapshot: Snapshot, split: SplitPlan, *, folder: Path) -> Arena:
    """Lay out a tournament as `lay_out` does, in processes of their own: as many rounds at a time as there are workers.

    Raises:
        EngineError: A process was killed.
        OSError: The process that forks is gone; another call may work.
    """
    at_a_time, place = rules.tournament.workers, str(folder)
    order = DrawUp(rules=rules, snapshot=snapshot, split=split, folder=place)
    try:
        arena = ask_apart(order, Arena, folder=place, at_a_time=at_a_time)
        ask = partial(ask_apart, answer=Encoding, folder=place, at_a_time=at_a_time)
        with ThreadPoolExecutor(workers(at_a_time)) as pool, cut_short(place):
            encodings = list(pool.map(ask, [Encode(arena=arena, number=number) for number in range(arena.rounds)]))
    except ProcessEnded as ended:
        raise EngineError(
            "process_ended",
            expected="room to encode the features of a fold",
            found=ended.reason,
            remedy="lower tournament.max_train_rows or tournament.workers",
        ) from ended
    return with_encodings(arena, encodings)


def _encoded(arena: Arena) -> Arena:
    return with_encodings(arena, [encode_round(arena, number) for number in range(arena.rounds)])
