"""Small files that decode to gigabytes are refused by name before memory grows; what only compresses well is read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from counterpoise.config import SourceConfig
from counterpoise.errors import InputError
from counterpoise.ingest._stage import ingest_source
from tests.ingest.bombs import BOMBS, bytes_column
from tests.ingest.reading import ingest

pytestmark = pytest.mark.slow

MOST_GROWTH_MIB = 300
READ = """
import json, re, sys, tempfile
from pathlib import Path
import pyarrow.compute, pyarrow.parquet
from counterpoise.config import SourceConfig
from counterpoise.errors import CounterpoiseError
from counterpoise.ingest import ingest_source

def highest():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) >> 10

for path in sys.argv[1:]:
    Path("/proc/self/clear_refs").write_text("5")
    before = highest()
    try:
        with tempfile.TemporaryDirectory() as folder:
            ingest_source(SourceConfig(path=path), target="label", folder=Path(folder))
        answer = {"reason": "", "found": ""}
    except CounterpoiseError as error:
        answer = error.as_dict()
    print(json.dumps({"file": Path(path).name, "reason": answer["reason"], "found": answer["found"],
                      "grown": highest() - before}))
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """What another process says of each bomb, and by how many MiB it grew."""
    folder = tmp_path_factory.mktemp("bombs")
    for name, write in BOMBS.items():
        write(folder / name)
        assert (folder / name).stat().st_size < 8_000_000
    paths = [str(folder / name) for name in BOMBS]
    told = subprocess.run([sys.executable, "-c", READ, *paths], check=True, capture_output=True, text=True)
    assert not told.stderr
    return {answer["file"]: answer for answer in map(json.loads, told.stdout.splitlines())}


@pytest.mark.skipif(not os.access("/proc/self/clear_refs", os.W_OK), reason="needs Linux's peak of a process")
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_with_its_figures_before_memory_grows(answers: dict[str, dict[str, str]], name: str) -> None:
    answer = answers[name]
    assert answer["reason"] in ("decompression_bomb", "row_group_too_large")
    assert name in answer["found"]
    assert int(answer["grown"]) < MOST_GROWTH_MIB


@pytest.mark.parametrize("kind", ["parquet", "feather"])
def test_two_million_rows_of_few_values_are_read(tmp_path: Path, kind: str) -> None:
    rows = 2_000_000
    label = (np.arange(rows) % 100 == 0).astype("i1")
    words = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, "i4")), pa.array(["a category with a name"]))
    table = pa.table({"n": np.full(rows, 7), "x": np.zeros(rows), "word": words.cast(pa.string()), "label": label})
    path = tmp_path / f"t.{kind}"
    if kind == "parquet":
        pq.write_table(table, path, compression="zstd")
    else:
        pyarrow.feather.write_feather(table, path, compression="zstd")
    assert kind == "feather" or path.stat().st_size * 400 < table.nbytes
    snapshot = ingest_source(SourceConfig(path=str(path)), target="label", folder=tmp_path / "work")
    assert snapshot.rows == rows


def test_long_and_many_texts_are_no_bomb(tmp_path: Path) -> None:
    """One long text among many short ones, ids that outgrow their dictionary, lists and structures of texts."""
    rows = 50_000
    words = [f"word {number % 700}" for number in range(rows)]
    words[7] = "long " * 20_000
    table = pa.table(
        {
            "id": [f"row-{number:09d}" for number in range(rows)],
            "word": words,
            "tags": pa.array([[f"tag {number % 5}", f"tag {number % 7}"] for number in range(rows)]),
            "place": pa.array([{"city": f"city {number % 90}"} for number in range(rows)]),
            "kind": pa.array([f"kind {number % 3}" for number in range(rows)]).dictionary_encode(),
            "empty": pa.nulls(rows, pa.string()),
            "label": [int(number % 9 == 0) for number in range(rows)],
        }
    )
    for number, options in enumerate(
        ({}, {"use_dictionary": False, "column_encoding": {"id": "DELTA_BYTE_ARRAY", "word": "DELTA_BYTE_ARRAY"}},
         {"data_page_version": "2.0", "row_group_size": 1000, "compression": "gzip"})
    ):  # fmt: skip
        path = tmp_path / f"{number}.parquet"
        pq.write_table(table, path, **options)
        assert ingest(SourceConfig(path=str(path)), tmp_path / str(number)).table.equals(table)


def _patched(data: bytes, old: bytes, new: bytes) -> bytes:
    assert data.count(old) >= 1
    return data.replace(old, new)


def test_a_footer_that_lies_about_rows_is_refused(tmp_path: Path) -> None:
    """The footer says fewer rows than the pages hold: readers would leave the others out without a word."""
    path = tmp_path / "t.parquet"
    rows = 10_007
    pq.write_table(pa.table({"a": range(rows), "label": [0, 1] * 5003 + [0]}), path)
    data = path.read_bytes()
    start = len(data) - 8 - int.from_bytes(data[-8:-4], "little")

    def varint(number: int) -> bytes:
        number, out = number << 1, b""
        while number > 127:
            out, number = out + bytes([number & 127 | 128]), number >> 7
        return out + bytes([number])

    footer = _patched(data[start:], varint(rows), varint(rows - 7))
    path.write_bytes(data[:start] + footer)
    assert pq.read_table(path).num_rows == rows - 7
    with pytest.raises(
        InputError, match=r"unreadable_table.*t\.parquet, row group 0, column 'a'.*10,007 values in pages"
    ):
        ingest(SourceConfig(path=str(path)), tmp_path / "work")


def test_the_remedy_of_a_bomb_works(tmp_path: Path) -> None:
    """Whoever trusts the file writes it again as the message says."""
    bytes_column(tmp_path / "bomb.parquet")
    with pytest.raises(InputError, match="without dictionaries and compression"):
        ingest(SourceConfig(path=str(tmp_path / "bomb.parquet")), tmp_path / "work")
    part = pq.read_table(tmp_path / "bomb.parquet", read_dictionary=["a"]).slice(0, 20_000)
    part = part.set_column(0, "a", part["a"].combine_chunks().cast(pa.binary()))
    pq.write_table(part, tmp_path / "plain.parquet", use_dictionary=False, compression="none", row_group_size=1000)
    assert ingest_source(SourceConfig(path=str(tmp_path / "plain.parquet")), target="label", folder=tmp_path / "x").rows
