from __future__ import annotations

import json
import pickle
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.errors import InputError
from counterpoise.text._visible import is_utf8, visible, visible_json

ANY = st.text(st.characters(exclude_categories=[]))
ACTING = ["\x1b[31m", "\x9b31m", "\x07", "\x08", "\r", "\x7f", "\u202e", "\u2066", "\u200e", "\u2028", "\ufeff",
          "\udc9b", "\U000e0041", "\x1b]8;;http://x\x07"]  # fmt: skip


@pytest.mark.parametrize("text", ACTING)
def test_what_acts_in_a_terminal_is_shown_as_an_escape(text: str) -> None:
    shown = visible(f"before {text} after")
    assert shown.startswith("before \\")
    assert shown.isprintable()


@given(ANY)
def test_nothing_that_acts_is_left(text: str) -> None:
    shown = visible(text)
    left = {unicodedata.category(character) for character in shown if character not in "\n\t\u200c\u200d"}
    assert not left & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert is_utf8(shown)
    assert visible(shown) == shown


@pytest.mark.parametrize("text", ["a\nb\tc", "grün, 東京, नमस्ते", "a\u200cb", "👩\u200d🔬", r"C:\x1b"])
def test_what_people_write_stays(text: str) -> None:
    assert visible(text) == text


@given(st.dictionaries(ANY, ANY))
def test_json_reads_as_the_same_values(values: dict[str, str]) -> None:
    text = visible_json(json.dumps(values, indent=2, ensure_ascii=False))
    assert json.loads(text) == values
    assert visible(text) == text
    assert is_utf8(text)


@pytest.mark.parametrize("text", ACTING)
def test_an_error_is_shown_and_keeps_its_values(text: str) -> None:
    error = InputError("x", expected=text, found=text, remedy=text, values={"column": text})
    for shown in (str(error), repr(error), str(pickle.loads(pickle.dumps(error)))):  # noqa: S301  # our own
        assert text not in shown
    assert error.as_dict()["values"] == {"column": text}
    assert pickle.loads(pickle.dumps(error)).found == text  # noqa: S301
