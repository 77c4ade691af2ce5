from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from counterpoise.runtime import TimeIsUp, interrupted_after

LONG = 3600.0


def in_a_thread(work: Callable[[], None]) -> list[BaseException]:
    """Run a function in a thread of its own and return what it raised."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return raised


def endless() -> None:
    with interrupted_after(0.01):
        while True:
            time.sleep(0.001)


def test_a_block_that_takes_too_long_is_interrupted_in_the_main_thread() -> None:
    with pytest.raises(TimeIsUp), interrupted_after(0.01):
        time.sleep(LONG)


def test_a_block_that_takes_too_long_is_interrupted_in_any_other_thread() -> None:
    assert [type(error) for error in in_a_thread(endless)] == [TimeIsUp]


def test_a_block_that_ends_in_time_is_left_alone() -> None:
    def quick() -> None:
        with interrupted_after(LONG):
            pass

    quick()
    assert in_a_thread(quick) == []


def test_an_inner_limit_leaves_the_outer_one() -> None:
    def inner_first() -> None:
        with interrupted_after(0.05):
            with interrupted_after(LONG):
                pass
            time.sleep(LONG)

    with pytest.raises(TimeIsUp):
        inner_first()
    with interrupted_after(LONG), pytest.raises(TimeIsUp), interrupted_after(0.01):
        time.sleep(LONG)
