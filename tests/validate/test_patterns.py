"""Regular expressions say what Python's `re` says, and end."""

from __future__ import annotations

import re

import pandas as pd
import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from counterpoise.errors import EngineError
from counterpoise.validate._suites import patterns
from counterpoise.validate._suites.patterns import pattern_fault, rows_with

PATTERNS = [
    "^a+$",
    "^[a-c]{2,3}$",
    r"^\w+$",
    r"\d",
    r"\s",
    r"\bab\b",
    "(?i)AB",
    "(?=a)b|a(?!b)",
    r"(a|b)\1",
    r"^\S+@\S+$",
    "a$",
    r"a\Z",
    "^(?:a|b)*$",
    "",
    "x{0,3}y",
    "a{,2}b",
    "[^a]",
    "(?s)a.b",
    "(?m)^b",
    "ü|Ü",
    "(?i)ü",
    "a{21}",
    r"\u0061",
    r"\x61",
    r"\.",
    "(?P<one>a)(?P=one)",
]
HOSTILE = ["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", r"^(\w+\s?)+$", "(?=(a+)+$)a", r"(a*)*\1b", "^((a+)+)+é$"]


@pytest.mark.parametrize("pattern", PATTERNS)
@settings(max_examples=25)
@given(texts=st.lists(st.text(alphabet="abxyAB1 \n\x0b.@éüÜ√٣_", max_size=6), max_size=20))
def test_matches_are_those_of_python(pattern: str, texts: list[str]) -> None:
    assert pattern_fault(pattern) == ""
    found = rows_with(pd.Series(texts, dtype="str"), pattern)
    assert found.tolist() == [re.search(pattern, text) is not None for text in texts]


def test_values_that_are_no_text_are_read_as_such() -> None:
    index = pd.Index([7, 8, 9])
    found = rows_with(pd.Series([10, 2.5, "2"], index=index, dtype=object), r"^2")
    assert (found.tolist(), found.index.tolist()) == ([False, True, True], [7, 8, 9])
    assert rows_with(pd.Series([10, 25], dtype="Int64"), "5$").tolist() == [False, True]


@pytest.mark.parametrize("pattern", HOSTILE)
def test_a_catastrophic_expression_is_stopped_and_named(pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each would take longer than the age of the universe in Python's own engine."""
    monkeypatch.setattr(patterns, "_SECONDS", 0.2)
    texts = pd.Series(["a" * 200 + "é!", "a" * 300 + "\n!"] * 3, dtype="str")
    assert pattern_fault(pattern) == ""
    assert outcome(texts, pattern) in ("pattern_too_slow", "no match")


def outcome(texts: pd.Series[str], pattern: str) -> str:
    try:
        return "match" if rows_with(texts, pattern).any() else "no match"
    except EngineError as error:
        return error.reason


def test_the_worst_of_them_is_really_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "_SECONDS", 0.2)
    with pytest.raises(EngineError, match=r"'\(a\|aa\)\+\$' did not.*nested repetitions"):
        rows_with(pd.Series(["é" + "a" * 200 + "!"], dtype="str"), "(a|aa)+$")


def test_plain_texts_take_linear_time_whatever_the_expression(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regex, "compile", None)  # the other engine is not even asked
    assert not rows_with(pd.Series(["a" * 100_000 + "!"], dtype="str"), "^(a+)+$").any()


@pytest.mark.parametrize(
    ("pattern", "match"),
    [
        ("(", "missing \\)"),
        ("a{e<=1}", "brace"),
        ("[[:alpha:]]", "nested set"),
        (r"\p{L}", r"bad escape \\p"),
        (r"\L<names>", r"bad escape \\L"),
        ("a" * 1_001, "1,001 characters"),
        ("(?V1)a", "unknown extension|unknown flag"),
        ("(" * 400 + ")" * 400, "recursion|nested|groups|depth"),
    ],
)
def test_what_python_does_not_read_or_reads_in_another_way_is_refused(pattern: str, match: str) -> None:
    assert re.search(match, pattern_fault(pattern), re.IGNORECASE)


def test_an_escaped_brace_is_a_character() -> None:
    assert pattern_fault(r"^\{.*\}$") == ""
    assert rows_with(pd.Series(['{"a": 1}', "a"], dtype="str"), r"^\{.*\}$").tolist() == [True, False]
