"""Whatever a table holds comes back as it was written."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ingest.reading import ingest_text

ANYTHING = st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff"), max_size=8)
TRICKY = st.sampled_from(
    [
        '"',
        '""',
        "a\nb",
        "x\r\ny",
        "\r",
        "\n\n",
        "a,b",
        ";",
        "\t",
        "0042",
        "+1",
        "-0",
        "1.50",
        "1e5",
        "NaN",
        "inf",
        "9" * 25,
        "'",
    ]
)
CELLS = st.one_of(TRICKY, ANYTHING, st.integers().map(str), st.floats().map(repr))


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    """Rows of texts: a key that makes every line regular, some cells, a label."""
    width, rows = draw(st.integers(1, 4)), draw(st.integers(1, 12))
    return [
        [f"k{number}", *(draw(CELLS) for _ in range(width)), draw(st.sampled_from(["yes", "no"]))]
        for number in range(rows)
    ]


def written(rows: list[list[str]], *, delimiter: str, line_end: str, quoting: int) -> str:
    names = ["key", *(f"feature {number}" for number in range(len(rows[0]) - 2)), "label"]
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=line_end, quoting=quoting)  # type: ignore[arg-type]
    writer.writerows([names, *rows])
    return text.getvalue()


@pytest.mark.slow
@given(
    rows=tables(),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    line_end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_texts_come_back_exactly(rows: list[list[str]], delimiter: str, line_end: str, quoting: int) -> None:
    if quoting == csv.QUOTE_MINIMAL and line_end == "\n":
        # Python's writer leaves a lone carriage return without quotes there, which every reader takes for a line end.
        rows = [[cell.replace("\r", "") for cell in row] for row in rows]
    text = written(rows, delimiter=delimiter, line_end=line_end, quoting=quoting)
    features = [f"feature {number}" for number in range(len(rows[0]) - 2)]
    with tempfile.TemporaryDirectory() as folder:
        reading = ingest_text(
            Path(folder),
            text,
            delimiter=delimiter,
            quote='"',
            header="yes",
            missing_values=(),
            types=tuple(f"{name}=string" for name in features),
        )
    assert reading.rejected == []
    read = [list(row.values()) for row in reading.table.to_pylist()]
    assert read == rows
