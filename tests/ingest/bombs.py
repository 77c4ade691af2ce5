"""Small files that decode to gigabytes, for the tests of this folder."""

from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq

ROWS = 300_000


def _label(rows: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int8()), pa.array([1])).cast(pa.int64())


def _repeated(value: str | bytes, rows: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array([value]))


def write_parquet(path: Path, column: pa.Array | pa.ChunkedArray, *, times: int = 1, **options: object) -> None:
    """Write a column, the same row group several times, beside a label."""
    table = pa.table({"a": column, "label": _label(len(column))})
    with pq.ParquetWriter(path, table.schema, compression="zstd", **options) as writer:
        for _ in range(times):
            writer.write_table(table, row_group_size=len(table))


def dictionary_texts(path: Path) -> None:
    """One text of 10,000 characters, 300,000 times: 3 GB."""
    table = pa.table({"a": _repeated("x" * 10_000, ROWS), "label": _label(ROWS)})
    plain = pa.schema([("a", pa.string()), ("label", pa.int64())])
    with pq.ParquetWriter(path, plain, compression="zstd", store_schema=False) as writer:
        for _ in range(12):  # a part at a time: making it takes memory that reading must not take
            part = table.slice(0, ROWS // 12)
            writer.write_table(part.cast(plain), row_group_size=len(part))


def dictionary_column(path: Path) -> None:
    """The same, kept as a dictionary by Arrow: whoever decodes it has 3 GB."""
    write_parquet(path, _repeated("x" * 10_000, ROWS))


def bytes_column(path: Path) -> None:
    """Bytes instead of a text."""
    write_parquet(path, _repeated(b"x" * 10_000, ROWS))


def nested_texts(path: Path) -> None:
    """Lists of a dictionary's texts, within a structure."""
    lists = pa.ListArray.from_arrays(pa.array(range(0, ROWS + 1, 3), pa.int32()), _repeated("x" * 10_000, ROWS))
    write_parquet(path, pa.StructArray.from_arrays([lists], ["inner"]))


def long_lists(path: Path) -> None:
    """Rows of a million equal numbers, 400 times."""
    numbers = pa.array([7] * 1_000_000, pa.int64())
    write_parquet(path, pa.ListArray.from_arrays(pa.array([0, 1_000_000], pa.int32()), numbers), times=400)


def constant_numbers(path: Path) -> None:
    """One number, 200 million times."""
    write_parquet(path, pa.array([7] * 2_000_000, pa.int64()), times=100)


def wide_values(path: Path) -> None:
    """Values of a fixed width of a hundred kilobytes."""
    kind = pa.binary(100_000)
    write_parquet(path, pa.array([b"x" * 100_000] * 100, kind), times=200)


def plain_pages(path: Path) -> None:
    """Texts without a dictionary, in pages that compress 10,000 times."""
    write_parquet(path, pa.array(["x" * 100_000] * 100), times=200, use_dictionary=False)


def differences(path: Path) -> None:
    """Texts written as what differs from the one before."""
    options = {"use_dictionary": False, "column_encoding": {"a": "DELTA_BYTE_ARRAY"}}
    write_parquet(path, pa.array(["x" * 100_000] * 100), times=200, **options)


def feather_dictionary(path: Path) -> None:
    """An Arrow file with a dictionary of one text."""
    table = pa.table({"a": _repeated("x" * 10_000, ROWS), "label": _label(ROWS)})
    pyarrow.feather.write_feather(table, path, compression="zstd")


def feather_zeros(path: Path) -> None:
    """An Arrow file of compressed zeros."""
    batch = pa.record_batch(
        {"a": pa.array([0] * 2_000_000, pa.int64()), "label": pa.array([0] * 2_000_000, pa.int64())}
    )
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, batch.schema, options=options) as writer:
        for _ in range(50):
            writer.write_batch(batch)


def feather_views(path: Path) -> None:
    """An Arrow file whose texts all lie in the same place."""
    array = pa.array(["x" * 10_000], pa.string_view())
    views = pa.py_buffer(array.buffers()[1].to_pybytes() * ROWS)
    column = pa.Array.from_buffers(pa.string_view(), ROWS, [None, views, *array.buffers()[2:]])
    table = pa.table({"a": column, "label": _label(ROWS)})
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def _lines(path: Path, line: bytes, *, head: bytes = b"") -> None:
    block = line * ((80 << 20) // len(line))
    if path.suffix == ".gz":
        with gzip.open(path, "wb") as file:
            file.write(head + block)
    else:
        with pa.CompressedOutputStream(pa.OSFile(str(path), "wb"), "zstd") as stream:
            stream.write(head + block)


def text_lines(path: Path) -> None:
    """Two columns of zeros, compressed."""
    _lines(path, b"0" * 8000 + b",0\n", head=b"a,label\n")


def json_lines(path: Path) -> None:
    """Objects of zeros, compressed."""
    _lines(path, b'{"a":0,"label":0}\n')


BOMBS = {
    "dictionary_texts.parquet": dictionary_texts,
    "dictionary_column.parquet": dictionary_column,
    "bytes_column.parquet": bytes_column,
    "nested_texts.parquet": nested_texts,
    "long_lists.parquet": long_lists,
    "constant_numbers.parquet": constant_numbers,
    "wide_values.parquet": wide_values,
    "plain_pages.parquet": plain_pages,
    "differences.parquet": differences,
    "dictionary.feather": feather_dictionary,
    "zeros.arrow": feather_zeros,
    "views.arrow": feather_views,
    "lines.csv.gz": text_lines,
    "lines.csv.zst": text_lines,
    "lines.json.zst": json_lines,
}
