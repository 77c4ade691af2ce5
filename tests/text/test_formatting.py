from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.text._formatting import count, markdown_cell, number, ratio, share, shown, signed


@given(text=st.text(), most=st.integers(5, 40))
def test_shown_texts_are_one_short_visible_line(text: str, most: int) -> None:
    line = shown(text, most)
    assert 0 < len(line) <= max(most, len("(empty)"))
    assert line.isprintable()


def test_signs_that_turn_text_around_are_written_out() -> None:
    assert shown("abc\u202edef") == "abc\\u202edef"


def test_right_to_left_names_stay_as_they_are() -> None:
    assert shown("שלום") == "שלום"


def test_a_very_long_text_is_cut_in_the_middle() -> None:
    assert shown("a" * 10_000 + "end", 11) == "aaaaa…aaend"


@given(text=st.text())
def test_a_markdown_cell_breaks_out_of_nothing(text: str) -> None:
    cell = markdown_cell(text)
    assert "\n" not in cell
    assert "<" not in cell
    bare = cell.replace("\\\\", "")
    for sign in "|[]`*_":
        assert bare.count(sign) == bare.count(f"\\{sign}")


@pytest.mark.parametrize(
    ("value", "text"), [(1, "100.0 %"), (0.4, "40.0 %"), (0.0012, "0.12 %"), (0.00001, "< 0.01 %"), (0, "0 %")]
)
def test_shares_keep_the_digits_that_matter(value: float, text: str) -> None:
    assert share(value) == text


def test_numbers_use_a_real_minus_and_a_dash_for_nothing() -> None:
    assert (number(-0.1234), number(None), signed(-0.0001), signed(0.25, 2)) == ("−0.123", "–", "±0.000", "+0.25")
    assert (count(12_345), ratio(3.14159), ratio(587.2)) == ("12,345", "3.1 : 1", "587 : 1")
