"""Numbers of files, whatever the listing leaves out or makes up."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.errors import StorageUnavailableError
from counterpoise.storage._numbers import numbered_name, numbers_in


class Listed:
    """A folder of numbered files whose listings are told, one after the other; the last one stays."""

    address = "s3://bucket/d"

    def __init__(self, there: set[int], *listings: set[int]) -> None:
        self.there, self.listings = there, list(listings)

    def names(self, _: str) -> list[str]:
        listing = self.listings.pop(0) if len(self.listings) > 1 else self.listings[0]
        return [numbered_name("", number).strip("/") for number in sorted(listing)]

    def exists(self, name: str) -> bool:
        return int(name.rpartition("/")[2].removesuffix(".json")) in self.there


def numbers(*args: Any) -> list[int]:
    return numbers_in(Listed(*args), "versions", listing_lags=True)  # type: ignore[arg-type]  # what is asked of it


@given(st.integers(0, 40), st.sets(st.integers(1, 40)), st.sets(st.integers(1, 40)))
def test_whatever_a_listing_misses_is_found(newest: int, missed: set[int], missed_again: set[int]) -> None:
    there = set(range(1, newest + 1))
    assert numbers(there, there - missed, there - missed_again) == sorted(there)


@given(st.integers(0, 20), st.integers(22, 99_999_999))
def test_what_a_spoilt_listing_makes_up_is_not_believed(newest: int, made_up: int) -> None:
    there = set(range(1, newest + 1))
    assert numbers(there, there - {newest} | {made_up}, there) == sorted(there)


def test_versions_that_somebody_removed_stay_removed() -> None:
    assert numbers({2, 3, 70}, {2, 3, 70}) == [2, 3, 70]


def test_a_store_that_has_always_one_more_is_not_asked_for_ever() -> None:
    with pytest.raises(StorageUnavailableError, match="storage_contradiction"):
        numbers(set(range(1, 5000)), set[int]())
