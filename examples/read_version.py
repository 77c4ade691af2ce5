"""Reading a published version with whatever comes next: partitions are plain folders of Parquet files.

Each function takes an address such as `datasets/fraud`, `datasets/fraud@7` or `datasets/fraud@promoted`, needs its own
library only, and reads the train partition. `Version.to_arrow` and `to_pandas` check every file against its digest;
the others read the files as they are (`counterpoise verify` checks them).
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from counterpoise import open_version

if TYPE_CHECKING:
    import datasets
    import pandas as pd
    import polars as pl
    import torch


def files(address: str, part: str = "train") -> str:
    """Return the pattern of a partition's files."""
    return str(open_version(address).path(part) / "*.parquet")


def with_pandas(address: str) -> pd.DataFrame:
    """Return the rows as a frame; integers with missing values come as `Int64`."""
    return open_version(address).to_pandas("train")


def with_polars(address: str) -> pl.DataFrame:
    """Return the rows, scanned lazily: filters and chosen columns are pushed down to the files."""
    import polars as pl

    return pl.scan_parquet(files(address)).collect()


def with_duckdb(address: str, target: str) -> dict[Any, int]:
    """Return rows by class, counted without loading the table."""
    import duckdb

    column = '"' + target.replace('"', '""') + '"'
    query = f"SELECT {column}, count(*) FROM read_parquet(?) GROUP BY ALL"  # noqa: S608  # the name is quoted
    with duckdb.connect() as connection:
        return dict(connection.execute(query, [files(address)]).fetchall())


def with_hugging_face(address: str) -> datasets.DatasetDict:
    """Return all partitions as memory-mapped datasets."""
    from datasets import load_dataset

    parts = {part: files(address, part) for part in ("train", "validation", "test")}
    return load_dataset("parquet", data_files=parts)


def with_torch(address: str, target: str, *, positive: str, batch_rows: int = 1024) -> torch.utils.data.DataLoader[Any]:
    """Return batches of numeric features (NaN for missing) and whether a row is positive, read a batch at a time.

    The rows are published in a shuffled order, so that reading them in turn gives mixed batches.
    """
    import numpy as np
    import pyarrow.dataset as ds
    import torch

    class Batches(torch.utils.data.IterableDataset[Any]):  # type: ignore[misc]  # checked without PyTorch
        """Batches of one pass."""

        def __iter__(self) -> Any:
            """Yield features, shape (rows, columns), and labels, shape (rows,)."""
            rows = ds.dataset(str(open_version(address).path("train")), format="parquet")
            for batch in rows.to_batches(batch_size=batch_rows):
                frame = batch.to_pandas()
                labels = (frame.pop(target).astype(str) == positive).to_numpy(dtype=np.float32)
                numbers = frame.select_dtypes("number").to_numpy(dtype=np.float32)
                yield torch.from_numpy(numbers), torch.from_numpy(labels)

    return torch.utils.data.DataLoader(Batches(), batch_size=None)


if __name__ == "__main__":
    print(with_pandas(sys.argv[1]).describe())
