"""A type is taken only if it gives every text of the column back."""

from __future__ import annotations

import tempfile
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterpoise.errors import ConfigError, InputError
from counterpoise.ingest._text.column_types import declared_rule
from tests.ingest.reading import ingest_text


def column(folder: Path, cells: list[str], *, label: bool = False) -> tuple[str, list[object]]:
    rows = "".join(f"k{number};x;{cell}\n" for number, cell in enumerate(cells))
    text = f"key;word;value\n{rows}"
    reading = ingest_text(folder, text, delimiter=";", header="yes", target="value" if label else "word")
    return reading.types["value"], reading.column("value")


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "-2", "0"], "int64"),
        (["9223372036854775807", "-9223372036854775808"], "int64"),
        (["1", " 2 ", "\t3"], "int64"),
        (["1", "2.5"], "double"),
        (["0.00", "1.10", "-0.5", ".5", "5."], "double"),
        (["1e5", "1E-7", "6.02214076e23"], "double"),
        (["-0", "1"], "double"),
        (["0.12345678901234567", "-0.0727811733098497"], "double"),
        (["9007199254740992", "0.5"], "double"),
        (["9007199254740993", "0.5"], "string"),
        (["9007199254740993.5", "0.5"], "string"),
        (["9007199254740994.0", "0.5"], "double"),
        (["0.123456789012345678", "0.5"], "string"),
        (["1234567890.123456789", "0.5"], "string"),
        (["1e400", "1.5"], "string"),
        (["1e-400", "1.5"], "string"),
        (["1_000", "2"], "string"),
        (["007", "1"], "string"),
        (["-07", "1"], "string"),
        (["true", "false"], "bool"),
        (["True", "False"], "bool"),
        (["TRUE", ""], "bool"),
        (["true", "False"], "string"),
        (["t", "f"], "string"),
        (["2024-02-29", "0001-01-01"], "date32[day]"),
        (["2024-02-29", "2024-02-30"], "string"),
        (["2024-1-1"], "string"),
        (["2024-01-01 10:00", "2024-01-01T10:00:00.5"], "timestamp[us]"),
        (["2024-01-01 10:00:00.1234567"], "string"),
        (["2024-01-01 24:00:00"], "string"),
        (["2024-01-01T10:00:00Z", "2024-01-01 10:00:00+00:00"], "timestamp[us, tz=UTC]"),
        (["2024-01-01T10:00:00+02:00"], "string"),
        (["NaN", "1.5"], "double"),
        (["", " "], "string"),
        (["infinity", "epoch"], "string"),
    ],
)
def test_the_narrowest_type_that_keeps_all_texts_is_taken(tmp_path: Path, cells: list[str], kind: str) -> None:
    assert column(tmp_path, cells)[0] == kind


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["0", "1"], [0, 1]),
        (["0.0", "1.0"], [0.0, 1.0]),
        (["0", "1.0"], ["0", "1.0"]),
        (["1.50", "2.5"], ["1.50", "2.5"]),
        (["true", "false"], [True, False]),
        (["TRUE", "FALSE"], ["TRUE", "FALSE"]),
        (["inf", "1.5"], ["inf", "1.5"]),
        ([" 1", "2"], [" 1", "2"]),
        (["2024-01-01", "2024-01-02"], ["2024-01-01", "2024-01-02"]),
        (["1"] * 300 + ["unknown"], ["1"] * 300 + ["unknown"]),
    ],
)
def test_class_names_stay_as_they_are_written(tmp_path: Path, cells: list[str], values: list[object]) -> None:
    assert column(tmp_path, cells, label=True)[1] == values


NUMBERS = st.one_of(
    st.integers(-(10**22), 10**22).map(str),
    st.floats().map(repr),
    st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9).map(str),
    st.from_regex(r"\A-?[0-9]{1,18}(\.[0-9]{0,18})?(e-?[0-9]{1,3})?\Z"),
)


@pytest.mark.slow
@given(st.lists(NUMBERS, min_size=1, max_size=4))
@settings(max_examples=120)
def test_numbers_lose_nothing_but_zeros_and_digits_beyond_17(cells: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        kind, values = column(Path(folder), cells)
    for cell, value in zip(cells, values, strict=True):
        if kind == "string":
            assert value == cell
        elif kind == "int64":
            assert str(value) == cell
        else:
            assert kind == "double"
            assert value == float(cell) or cell == "nan"
            assert cell in ("inf", "-inf", "nan") or _kept(cell, float(cell))


def _kept(cell: str, value: float) -> bool:
    exact = Decimal(cell)
    digits = len("".join(map(str, exact.as_tuple().digits)).rstrip("0").lstrip("0"))
    return exact == Decimal(value) or exact == Decimal(repr(value)) or (("." in cell or "e" in cell) and digits <= 17)


@pytest.mark.slow
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters='\0\r\n;"\ufeff'), max_size=6), min_size=1))
@settings(max_examples=60)
def test_any_texts_come_back_or_are_refused(cells: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            kind, values = column(Path(folder), cells)
        except InputError as error:
            assert error.reason == "type_change"  # noqa: PT017  # both outcomes are right, for different values
            return
    if kind == "string":
        assert values == [cell if cell.strip(" \t") else None for cell in cells]


def test_an_unknown_declared_type_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"unknown_type.*int64.*decimal\(precision,scale\)"):
        declared_rule("a", "complex")
    with pytest.raises(ConfigError, match="unknown_type"):
        declared_rule("a", "decimal(2,3)")
