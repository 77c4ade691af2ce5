from __future__ import annotations

import gzip
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterpoise.config import SourceConfig
from counterpoise.errors import InputError
from counterpoise.ingest._stage import ingest_source
from tests.ingest.reading import Reading, ingest_text


def read(folder: Path, *lines: str, name: str = "table.jsonl", end: str = "\n", **options: Any) -> Reading:
    return ingest_text(folder, "\n".join(lines) + end, name=name, **options)


def test_values_keep_their_types(tmp_path: Path) -> None:
    """Fault 10."""
    reading = read(
        tmp_path,
        '{"a": 9007199254740993, "b": 1, "c": true, "d": "0042", "label": 1}',
        '{"a": null, "b": 2.5, "c": false, "d": "1", "label": 0}',
    )
    assert reading.column("a") == [9007199254740993, None]
    assert reading.types == {"a": "int64", "b": "double", "c": "bool", "d": "string", "label": "int64"}
    assert reading.column("d") == ["0042", "1"]


def test_keys_may_come_late_and_be_absent(tmp_path: Path) -> None:
    reading = read(tmp_path, '{"a": 1, "label": 1}', "", '{"label": 0, "b": "x"}')
    assert reading.column("a") == [1, None]
    assert reading.column("b") == [None, "x"]


def test_labels_1_and_text_1_are_refused(tmp_path: Path) -> None:
    """Fault 8."""
    with pytest.raises(InputError, match=r"mixed_label_types.*integer '1' in row 1, text '1' in row 2"):
        read(tmp_path, '{"a": 1, "label": 1}', '{"a": 2, "label": "1"}')


def test_integers_beyond_64_bits_are_text_with_a_note(tmp_path: Path) -> None:
    """Fault 11."""
    reading = read(tmp_path, '{"a": 12345678901234567890123, "label": 1}', '{"a": 7, "label": 1}')
    assert reading.column("a") == ["12345678901234567890123", "7"]
    assert "'a' is kept as text" in reading.snapshot.notes[0]


def test_integers_that_a_double_would_round_are_text_beside_floats(tmp_path: Path) -> None:
    reading = read(tmp_path, '{"a": 9007199254740993, "label": 1}', '{"a": 0.5, "label": 1}')
    assert reading.column("a") == ["9007199254740993", "0.5"]


def test_nested_values_are_json_text(tmp_path: Path) -> None:
    reading = read(tmp_path, '{"a": {"é": [1, "x"]}, "label": 1}')
    assert reading.column("a") == ['{"é": [1, "x"]}']


def test_deep_nesting_is_refused(tmp_path: Path) -> None:
    """Fault 25."""
    with pytest.raises(InputError, match=r"nested_too_deeply.*line 2"):
        read(tmp_path, '{"a": 1, "label": 1}', '{"a": ' + "[" * 20_000 + "]" * 20_000 + ', "label": 1}')


def test_a_cut_off_last_line_is_refused(tmp_path: Path) -> None:
    """Fault 22."""
    with pytest.raises(InputError, match=r"truncated_file.*line 2"):
        read(tmp_path, '{"a": 1, "label": 1}', '{"a": 2, "lab', end="")


def test_a_cut_off_gzip_is_refused(tmp_path: Path) -> None:
    """Fault 22."""
    data = gzip.compress("".join(f'{{"a": {n}, "label": 1}}\n' for n in range(5000)).encode())[:-30]
    with pytest.raises(InputError, match=r"truncated_file.*table\.jsonl\.gz"):
        ingest_text(tmp_path, data, name="table.jsonl.gz")


def test_lines_that_are_no_objects_are_set_apart(tmp_path: Path) -> None:
    """Fault 13."""
    good = ['{"a": 1, "label": 1}'] * 4
    reading = read(tmp_path, *good, "nonsense", '{"a": 1, "a": 2, "label": 1}', "[1]")
    assert reading.snapshot.rows == 4
    assert [(line["line"], line["text"]) for line in reading.rejected] == [
        (5, "nonsense"),
        (6, '{"a": 1, "a": 2, "label": 1}'),
        (7, "[1]"),
    ]
    assert "'a' occurs twice" in reading.rejected[1]["reason"]


@pytest.mark.parametrize("text", ['[\n{"a": 1, "label": 1}\n]', '{\n"a": 1,\n"label": 1\n}\n', "[1]\n"])
def test_other_json_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"not_json_lines|no_rows"):
        ingest_text(tmp_path, text, name="table.json")


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    """Fault 1."""
    with pytest.raises(InputError, match="empty_file"):
        ingest_text(tmp_path, "", name="table.jsonl")


def test_a_text_late_among_numbers_is_refused_with_its_row(tmp_path: Path) -> None:
    """Fault 20."""
    lines = [f'{{"a": {n}, "label": 0}}' for n in range(400)]
    with pytest.raises(InputError, match=r"type_change.*'oops' in row 401"):
        read(tmp_path, *lines, '{"a": "oops", "label": 1}')


def test_missing_values_apply_to_texts_but_not_to_the_label(tmp_path: Path) -> None:
    """Fault 9."""
    reading = read(
        tmp_path,
        '{"a": "NA", "label": "NA"}',
        '{"a": 2, "label": "x"}',
        '{"a": " ", "label": ""}',
        missing_values=("NA", ""),
    )
    assert reading.column("a") == [None, 2, None]
    assert reading.column("label") == ["NA", "x", None]


def test_the_target_may_be_a_position(tmp_path: Path) -> None:
    reading = read(tmp_path, '{"a": 1, "b": "NA"}', '{"a": 2, "b": "x"}', target="1", missing_values=("NA",))
    assert reading.column("b") == ["NA", "x"]


def test_half_a_character_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"invalid_text.*'a'"):
        read(tmp_path, r'{"a": "\ud800", "label": 1}')


def test_too_many_keys_are_refused(tmp_path: Path) -> None:
    """Fault 26."""
    with pytest.raises(InputError, match=r"too_many_columns.*10,000"):
        read(tmp_path, json.dumps({f"c{n}": n for n in range(10_001)} | {"label": 1}))


def test_a_line_without_end_is_refused(tmp_path: Path) -> None:
    """Fault 24."""
    with pytest.raises(InputError, match=r"line_too_long.*line 1"):
        read(tmp_path, '{"a": "' + "x" * 2_100_000 + '", "label": 1}')


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), st.text(max_size=5)
)


@given(st.lists(SCALARS.filter(lambda value: value != ""), min_size=1, max_size=10))
@settings(max_examples=60)
def test_single_kinds_come_back_exactly(values: list[Any]) -> None:
    kinds = {type(value) for value in values if value is not None}
    with tempfile.TemporaryDirectory() as folder:
        lines = [json.dumps({"a": value, "label": 1}) for value in values]
        try:
            reading = read(Path(folder), *lines, missing_values=())
        except InputError as error:
            assert error.reason == "invalid_text"  # noqa: PT017  # both outcomes are right, for different values
            return
    if len(kinds) == 1:
        assert reading.column("a") == values
    elif kinds == {int, float} and reading.types["a"] == "double":
        assert [None if value is None else float(value) for value in values] == reading.column("a")


def test_a_file_of_lines_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text('{"a": ' + "9" * 5_000 + "}\n" * 2)
    with pytest.raises(InputError, match=r"no_rows.*none in t\.jsonl, but line 1: .*digits"):
        ingest_source(SourceConfig(path=str(tmp_path / "t.jsonl")), target="a", folder=tmp_path / "work")
