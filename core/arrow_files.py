"""Plans on disk: Arrow files of narrow columns."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

__all__ = ["read_arrow", "write_arrow"]


def write_arrow(path: Path, table: pa.Table) -> None:
    """Write a table as an Arrow file."""
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def read_arrow(path: str | Path) -> pa.Table:
    """Return an Arrow file's table, in memory."""
    with pa.OSFile(str(path), "rb") as source:
        return pa.ipc.open_file(source).read_all()
