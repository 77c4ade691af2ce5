"""Yield the typed rows of delimited text in batches; wide tables are read in groups of columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from counterpoise.ingest._snapshot_files import batch_rows, write_snapshot_file
from counterpoise.ingest._text.engine import COLUMNS_PER_QUERY, TextTable, cells_sql
from counterpoise.ingest._text.types import ColumnPlan

if TYPE_CHECKING:
    import duckdb

TypedText = tuple[pa.Schema, Iterator[pa.RecordBatch]]


def typed_text(
    engine: duckdb.DuckDBPyConnection, table: TextTable, plans: Sequence[ColumnPlan], *, folder: Path
) -> TypedText:
    """Return the schema of a text and its rows in order.

    DuckDB buffers thousands of rows of every column that it reads. A very wide table is therefore read in groups of
    columns through temporary files in the folder, which are deleted after the last row.
    """
    rows = batch_rows(len(plans))
    if len(plans) <= COLUMNS_PER_QUERY:
        return _columns(engine, table, plans, rows=rows)
    files = []
    for number, start in enumerate(range(0, len(plans), COLUMNS_PER_QUERY)):
        schema, batches = _columns(engine, table, plans[start : start + COLUMNS_PER_QUERY], rows=rows)
        files.append(folder / f"columns-{number:05}.parquet")
        write_snapshot_file(files[-1], schema, batches)
    schema = pa.schema([field for file in files for field in pq.read_schema(file)])
    return schema, _side_by_side(files, schema, rows=rows)


def _columns(
    engine: duckdb.DuckDBPyConnection, table: TextTable, plans: Sequence[ColumnPlan], *, rows: int
) -> TypedText:
    values = ", ".join(_value(plan) for plan in plans)
    source = cells_sql(table, [plan.cell.number for plan in plans])
    sql = f"SELECT {values} FROM {source}"  # noqa: S608  # columns are referenced by number, literals are quoted
    reader = engine.execute(sql).to_arrow_reader(rows)
    schema = pa.schema([pa.field(plan.name, kind) for plan, kind in zip(plans, reader.schema.types, strict=True)])
    return schema, (pa.RecordBatch.from_arrays(batch.columns, schema=schema) for batch in reader)


def _value(plan: ColumnPlan) -> str:
    number = plan.cell.number
    value = f"c{number}" if plan.rule.sql == "VARCHAR" else f"CAST(v{number} AS {plan.rule.sql})"
    return f"CASE WHEN {plan.cell.is_missing()} THEN NULL ELSE {value} END" if plan.missing else value


def _side_by_side(files: Sequence[Path], schema: pa.Schema, *, rows: int) -> Iterator[pa.RecordBatch]:
    readers = [pq.ParquetFile(file).iter_batches(batch_size=rows) for file in files]
    for parts in zip(*readers, strict=True):
        arrays = [column for part in parts for column in part.columns]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)
    for file in files:
        file.unlink()
