"""When an answer of a store is believed: scripted stores, every order of what they may say."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest

from counterpoise.errors import StorageError, StorageUnavailableError
from counterpoise.storage._attempts import Patience, agreed, create_once, paced, retry

OURS, OTHERS = b"ours", b"others"


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made; time passes by them alone."""
    made: list[float] = []
    monkeypatch.setattr("counterpoise.storage._attempts.time.sleep", made.append)
    monkeypatch.setattr("counterpoise.storage._attempts.time.monotonic", lambda: sum(made))
    return made


def unavailable() -> StorageUnavailableError:
    return StorageUnavailableError("storage_unavailable", expected="a", found="b", remedy="c")


class Scripted:
    """A place for one object, whose answers get lost or lie as it is told.

    `applied`, `lost`: the write is done and its answer is lost; `cut`: it is not done; `taken`: it is refused though
    nothing need lie there; `true`: the store does as it must.
    """

    def __init__(self, *says: str, there: bytes | None = None) -> None:
        self.says, self.there, self.writes = list(says), there, 0

    def write(self) -> bool:
        self.writes += 1
        said = self.says.pop(0) if self.says else "true"
        free = self.there is None
        if said in ("true", "applied") and free:
            self.there = OURS
        if said in ("applied", "cut"):
            raise unavailable()
        return said == "true" and free

    def read(self) -> bytes:
        if self.there is None:
            raise FileNotFoundError
        return self.there

    def create(self, **patience: float) -> bool:
        return create_once(self.write, self.read, OURS, name="x", patience=Patience(**patience))  # type: ignore[arg-type]


@pytest.mark.parametrize("says", list(product(["applied", "cut", "taken", "true"], repeat=3)))
@pytest.mark.parametrize("there", [None, OTHERS])
@pytest.mark.usefixtures("pauses")
def test_what_is_told_is_what_lies_there(says: tuple[str, ...], there: bytes | None) -> None:
    store = Scripted(*says, there=there)
    assert store.create() is (there is None)
    assert store.there == (OURS if there is None else OTHERS)


@pytest.mark.parametrize(("say", "reason"), [("cut", "storage_unavailable"), ("taken", "storage_contradiction")])
def test_what_never_becomes_certain_ends_with_a_name(pauses: list[float], say: str, reason: str) -> None:
    store = Scripted(*[say] * 100)
    with pytest.raises(StorageUnavailableError, match=reason):
        store.create(tries=6)
    assert (store.writes, store.there) == (6, None)
    assert len(pauses) == 5


def test_a_look_that_was_spoilt_does_not_give_the_name_away(pauses: list[float]) -> None:
    looks = [b"oXrs", OURS]
    assert create_once(lambda: False, lambda: looks.pop(0), OURS, name="x")
    assert pauses == []


def test_pauses_grow_are_random_and_end_with_the_time(pauses: list[float]) -> None:
    patience = Patience(tries=100, seconds=30, first=0.4, longest=5)
    tries = list(paced(patience))
    assert 30 - 5 <= sum(pauses) <= 30
    assert len(tries) == len(pauses) + 1
    assert all(0.4 * 2**n / 4 <= pause <= 0.4 * 2**n for n, pause in enumerate(pauses[:4]))
    assert len(set(pauses)) == len(pauses)


def failing(*errors: StorageError | None) -> Callable[[], str]:
    left = list(errors)

    def ask() -> str:
        if left and (error := left.pop(0)) is not None:
            raise error
        return "answer"

    return ask


@pytest.mark.usefixtures("pauses")
def test_a_refusal_is_believed_when_it_is_given_twice() -> None:
    refusal = StorageError("storage_refused", expected="a", found="b", remedy="c")
    assert retry(failing(refusal)) == "answer"
    assert retry(failing(unavailable(), refusal, unavailable())) == "answer"
    with pytest.raises(StorageError, match="storage_refused"):
        retry(failing(refusal, unavailable(), refusal))


@pytest.mark.usefixtures("pauses")
def test_a_missing_file_is_an_answer() -> None:
    asked = []

    def ask() -> None:
        asked.append(1)
        raise FileNotFoundError

    with pytest.raises(FileNotFoundError):
        retry(ask)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("answers", "believed"), [("aab", "a"), ("abb", "b"), ("baa", "a"), ("abab", "b"), ("abcd", "d")]
)
def test_two_answers_in_a_row_are_believed(answers: str, believed: str) -> None:
    left = list(answers)
    assert agreed(lambda: left.pop(0)) == believed
