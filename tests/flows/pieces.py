"""Pieces of work for tests, in a module that worker processes can import."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Marked", "end_own_process", "fail", "leave_mark", "own_process", "wait_for_release"]

_PATIENCE = 900.0


@dataclass(frozen=True)
class Marked:
    """A piece that knows a place for marks."""

    number: int
    place: str = ""

    @property
    def title(self) -> str:
        return f"marked {self.number}"


def own_process(_: Marked) -> int:
    return os.getpid()


def end_own_process(_: Marked) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fail(piece: Marked) -> None:
    raise ZeroDivisionError(f"piece {piece.number}")


def leave_mark(piece: Marked) -> int:
    """Leave a mark and, where it is the first one, end the process before the piece is done."""
    mark = Path(piece.place, str(piece.number))
    if not mark.exists():
        mark.touch()
        end_own_process(piece)
    return piece.number


def wait_for_release(piece: Marked) -> int:
    """Say that the piece was begun, and end it when somebody says so, or nobody is there any more to say it."""
    Path(piece.place, f"begun-{piece.number}").touch()
    until = time.monotonic() + _PATIENCE
    while not Path(piece.place, "release").exists() and time.monotonic() < until:
        time.sleep(0.05)
    return piece.number
