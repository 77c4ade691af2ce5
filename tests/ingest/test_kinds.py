"""Kinds of values: counted by type first, which must not change what is counted."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from counterpoise.ingest._values.kinds import array_of, count_kinds, kind_of, text_of

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.decimals(),
    st.text(max_size=3),
    st.binary(max_size=3),
    st.dates(),
    st.datetimes(timezones=st.sampled_from([None, dt.UTC])),
    st.uuids(),
    st.lists(st.integers(0, 2), max_size=2),
    st.just(object()),
)


@given(st.lists(VALUES, max_size=30))
def test_kinds_counted_by_type_are_those_of_the_values(values: list[object]) -> None:
    assert count_kinds(values) == Counter(kind_of(value) for value in values if value is not None)


def test_texts_of_several_types_are_texts() -> None:
    one = uuid.UUID(int=1)
    assert array_of(["a", None, one], frozenset({"text"})).to_pylist() == ["a", None, text_of(one)]
    assert array_of(["a", None], frozenset({"text"})).to_pylist() == ["a", None]
