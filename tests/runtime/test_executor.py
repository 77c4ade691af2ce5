from __future__ import annotations

import threading
import time
from dataclasses import dataclass

import pytest

from counterpoise.runtime._executor import Threads


@dataclass(frozen=True)
class Number:
    value: int
    title: str = "a number"


def test_every_piece_is_done_once_and_comes_with_its_number() -> None:
    found = dict(Threads().map(lambda piece: piece.value**2, [Number(value) for value in range(20)]))
    assert found == {number: number**2 for number in range(20)}


def test_no_more_pieces_are_at_work_than_there_are_threads() -> None:
    at_work, most, lock = 0, 0, threading.Lock()

    def work(_: Number) -> None:
        nonlocal at_work, most
        with lock:
            at_work += 1
            most = max(most, at_work)
        time.sleep(0.01)
        with lock:
            at_work -= 1

    list(Threads(3).map(work, [Number(0)] * 12))
    assert most == 3


def test_the_first_failure_ends_the_rest() -> None:
    begun: list[int] = []

    def work(piece: Number) -> None:
        begun.append(piece.value)
        if piece.value == 0:
            raise ZeroDivisionError
        time.sleep(0.05)

    with pytest.raises(ZeroDivisionError):
        list(Threads(2).map(work, [Number(value) for value in range(50)]))
    assert len(begun) < 10


def test_whoever_stops_listening_ends_the_rest() -> None:
    begun: list[int] = []

    def work(piece: Number) -> None:
        begun.append(piece.value)
        time.sleep(0.01)

    results = Threads(1).map(work, [Number(value) for value in range(50)])
    next(results)
    del results
    assert len(begun) < 10
