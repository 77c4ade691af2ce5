"""Labels are classes as people mean them: one class for all spellings, none for a missing label."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from counterpoise.config import SourceConfig
from counterpoise.errors import InputError
from counterpoise.table import encode_labels
from tests.ingest.reading import Reading, ingest, ingest_text

SPELLINGS = [
    (["yes", "no", "YES"], ["yes", "no", "yes"]),
    (["yes", "no", " yes "], ["yes", "no", "yes"]),
    (["yes", "no", "yes\u00a0"], ["yes", "no", "yes"]),
    (["yes", "no", "\u200byes"], ["yes", "no", "yes"]),
    (["caf\u00e9", "tea", "cafe\u0301"], ["caf\u00e9", "tea", "caf\u00e9"]),
    (["yes", "no", "\uff39es"], ["yes", "no", "yes"]),
    (["No churn", "churn", "no  churn"], ["no churn", "churn", "no churn"]),
    (["Stra\u00dfe", "Weg", "STRASSE"], ["strasse", "weg", "strasse"]),
    (["1", "x", "1.0"], ["1", "x", "1"]),
    (["1", "x", "+1"], ["1", "x", "1"]),
    (["0", "x", "-0.0"], ["0", "x", "0"]),
    (["1", "0", "True", "False"], ["true", "false", "true", "false"]),
    (["Y", "N", "yes", "no"], ["true", "false", "true", "false"]),
]


def text_of(labels: list[str]) -> str:
    return "x,label\n" + "".join(f'{row},"{label}"\n' for row, label in enumerate(labels * 3))


def json_of(labels: list[str]) -> str:
    return "".join(json.dumps({"x": row, "label": label}) + "\n" for row, label in enumerate(labels * 3))


def read(kind: str, labels: list[str], folder: Path, **options: Any) -> Reading:
    """Read labels from a file of some format."""
    if kind != "parquet":
        text, name = (text_of(labels), "table.csv") if kind == "text" else (json_of(labels), "table.jsonl")
        return ingest_text(folder, text, name=name, **options)
    folder.mkdir(exist_ok=True)
    table = pa.table({"x": range(3 * len(labels)), "label": labels * 3})
    pq.write_table(table, folder / "table.parquet")
    return ingest(SourceConfig(path=str(folder / "table.parquet"), **options), folder / "work")


@pytest.mark.parametrize("kind", ["text", "json", "parquet"])
@pytest.mark.parametrize(("labels", "merged"), SPELLINGS)
def test_spellings_of_one_label_are_stopped_merged_or_kept(
    kind: str, labels: list[str], merged: list[str], tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"What to do: set source\.label_spellings to merge") as caught:
        read(kind, labels, tmp_path / "stop")
    assert caught.value.reason == "label_spellings"
    reading = read(kind, labels, tmp_path / "merge", label_spellings="merge")
    assert reading.column("label") == merged * 3
    reading = read(kind, labels, tmp_path / "keep", label_spellings="keep")
    assert reading.column("label") == labels * 3


@pytest.mark.parametrize(
    "labels",
    [
        ["yes", "no", "maybe"],
        ["1", "10", "100"],
        ["a", "b", "\u00e4"],
        ["<=50K", ">50K"],
        ["n", "f"],
        ["-1", "1"],
        ["1.5", "15"],
    ],
)
def test_different_labels_stay_different(labels: list[str], tmp_path: Path) -> None:
    for policy in ("stop", "merge"):
        reading = read("text", labels, tmp_path / policy, label_spellings=policy)
        assert len(encode_labels(reading.table["label"]).classes) == len(labels)


@pytest.mark.parametrize("kind", ["text", "json", "parquet"])
@pytest.mark.parametrize("mark", ["?", " ? ", "NaN", "nan"])
def test_a_mark_for_a_missing_label_is_no_class(kind: str, mark: str, tmp_path: Path) -> None:
    reading = read(kind, ["yes", "no", mark], tmp_path)
    assert reading.column("label") == ["yes", "no", None] * 3


def test_numbers_beside_a_missing_label_stay_numbers(tmp_path: Path) -> None:
    reading = read("text", ["1", "0", "?"], tmp_path)
    assert reading.column("label") == [1, 0, None] * 3


def test_other_words_mean_a_missing_label_where_they_are_declared(tmp_path: Path) -> None:
    labels = ["yes", "no", "NA", "?"]
    assert read("text", labels, tmp_path / "1").column("label")[:4] == ["yes", "no", "NA", None]
    reading = read("text", labels, tmp_path / "2", missing_labels=("NA",))
    assert reading.column("label")[:4] == ["yes", "no", None, "?"]
