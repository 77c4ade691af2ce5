"""Write the rows and lines that are not published, with the reason for each."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from counterpoise.records import Snapshot, SplitPlan
from counterpoise.table import SnapshotReader, read_rejects

_ROWS_AT_ONCE = 131_072


def write_rejected(snapshot: Snapshot, split: SplitPlan, folder: Path) -> None:
    """Write rejected rows to `rows.parquet` and unparsable lines to `lines.parquet`.

    An empty file is not written.

    Args:
        snapshot: The source.
        split: The plan that contains the rejects.
        folder: The version's `rejected/` folder.
    """
    folder.mkdir(parents=True)
    rejects = read_rejects(split.rejects_file)
    if rejects.num_rows:
        _write_rows(snapshot, rejects, folder / "rows.parquet")
    if snapshot.rejected_file:
        shutil.copyfile(snapshot.rejected_file, folder / "lines.parquet")


def _write_rows(snapshot: Snapshot, rejects: pa.Table, path: Path) -> None:
    reader = SnapshotReader(snapshot)
    taken = {*reader.schema.names}
    names = [name if name not in taken else f"rejected_{name}" for name in rejects.schema.names]
    rejects = rejects.rename_columns(names)
    schema = pa.schema([*rejects.schema, *reader.subschema(None)])
    with pq.ParquetWriter(path, schema, compression="zstd", write_page_checksum=True) as writer:
        for start in range(0, rejects.num_rows, _ROWS_AT_ONCE):
            part = rejects.slice(start, _ROWS_AT_ONCE)
            rows = reader.read_rows(part.column(0).to_numpy())
            writer.write_table(pa.table([*part.columns, *rows.columns], schema=schema))
