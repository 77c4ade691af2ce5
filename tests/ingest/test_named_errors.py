"""What the system, a name or a driver says no to ends as an error with a name, a file and a remedy."""

from __future__ import annotations

import errno
import os
import struct
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from counterpoise.config import SourceConfig
from counterpoise.errors import InputError
from counterpoise.ingest._stage import identify_source, ingest_source
from counterpoise.table import SnapshotReader
from tests.ingest.reading import ingest


@pytest.mark.parametrize("inside", [False, True])
def test_a_file_name_that_is_no_utf8_is_refused(tmp_path: Path, inside: bool) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff")) if inside else tmp_path
    folder.mkdir(exist_ok=True)
    Path(os.fsdecode(os.fsencode(folder) + b"/t\xe9.csv")).write_text("a,label\n1,x\n")
    with pytest.raises(InputError, match=r"name_not_utf8.*\\udc") as caught:
        identify_source(SourceConfig(path=str(tmp_path / "**" / "*.csv")))
    assert str(caught.value.as_dict()).isascii()


def test_a_column_without_a_name_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1], "": [2], "label": [0]}), tmp_path / "t.parquet")
    with pytest.raises(InputError, match=r"column_without_name.*column 2 of 3"):
        ingest(SourceConfig(path=str(tmp_path / "t.parquet")), tmp_path / "work")


def test_a_path_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"unreadable_source.*longer than the system") as caught:
        identify_source(SourceConfig(path=str(tmp_path / ("x" * 300))))
    assert caught.value.values["errno"] == errno.ENAMETOOLONG


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs Linux's /proc")
def test_a_device_that_fails_is_named_and_may_be_tried_again() -> None:
    """Reading the first page of one's own memory is an input/output error of the kernel."""
    with pytest.raises(InputError, match=r"unreadable_source.*/proc/self/mem.*check the disk") as caught:
        identify_source(SourceConfig(path="/proc/self/mem"))
    assert isinstance(caught.value.__cause__, OSError)


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_too_many_open_files_are_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "t.csv":
        path.write_text("a,label\n1,x\n2,y\n")
    else:
        pq.write_table(pa.table({"a": [1], "label": [0]}), path)
    script = f"""
import resource, pyarrow.parquet, counterpoise.ingest._formats.delimited
from pathlib import Path
from counterpoise.config import SourceConfig
from counterpoise.errors import CounterpoiseError
from counterpoise.ingest import ingest_source
held = []
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
try:
    while True:
        held.append(open("/dev/null"))
except OSError:
    pass
try:
    ingest_source(SourceConfig(path={str(path)!r}), target="label", folder=Path({str(tmp_path)!r}))
except CounterpoiseError as error:
    print(error.reason, error.remedy)
"""
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout.startswith("too_many_open_files ")
    assert "ulimit -n" in told.stdout


def test_a_page_that_is_damaged_after_it_was_ingested_is_named_where_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"a": range(5000), "label": [0, 1] * 2500}), path)
    snapshot = ingest_source(SourceConfig(path=str(path)), target="label", folder=tmp_path / "work")
    data = bytearray(path.read_bytes())
    data[40:400] = b"\xff" * 360
    path.write_bytes(bytes(data))
    reader = SnapshotReader(snapshot)
    with pytest.raises(InputError, match=r"unreadable_table.*t\.parquet, row group 0"):
        reader.read_columns(["a"])
    with pytest.raises(InputError, match=r"unreadable_table.*t\.parquet, row group 0"):
        list(reader.iter_batches(reader.row_groups[0], ["a"]))


def test_a_damaged_page_is_found_where_it_comes_in_with_its_row_group_and_column(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    table = pa.table({"a": [n * 0.37 for n in range(4000)], "label": [0, 1] * 2000})
    pq.write_table(table, path, write_page_checksum=True, row_group_size=1000, use_dictionary=False, compression="none")
    data = bytearray(path.read_bytes())
    data[data.index(struct.pack("<d", 2500 * 0.37))] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(InputError, match=r"unreadable_table.*t\.parquet, row group 2, column 'a'"):
        ingest(SourceConfig(path=str(path)), tmp_path / "work")
