"""The files of a version, as the facts that are recounted read them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from counterpoise.config import BalanceConfig
from counterpoise.persist import PARENT_FIELDS, Manifest
from counterpoise.records import PARTITIONS
from counterpoise.table import Labels, encode_labels, read_parquet
from counterpoise.typing import Ints

Found = Iterator[tuple[str, Any, Any]]
"""The name of a fact, its value in the manifest, and its value in the files."""

PARENTS = tuple(field.name for field in PARENT_FIELDS)


@dataclass(frozen=True)
class StoredVersion:
    """The files of a version, read only as far as its facts need."""

    data: Path
    manifest: Manifest
    stored: bool

    @property
    def config(self) -> BalanceConfig:
        return self.manifest.settings

    @property
    def partitions(self) -> tuple[str, ...]:
        return PARTITIONS if self.stored else PARTITIONS[1:]

    @cached_property
    def copies(self) -> pa.Table:
        """The train rows whose count or weight differs from one."""
        return read_parquet(self.data / "recipe" / "copies.parquet")

    @cached_property
    def times(self) -> Ints:
        """How often each of them occurs in train."""
        return np.asarray(self.copies["copies"].to_numpy()).astype(np.int64)

    @property
    def repeated(self) -> int:
        """The number of train rows that repeat others."""
        return int(np.maximum(self.times - 1, 0).sum())

    @cached_property
    def synthetic(self) -> pa.Table | None:
        path = self.data / "recipe" / "synthetic.parquet"
        return read_parquet(path, columns=list(PARENTS)) if path.exists() else None

    @cached_property
    def rejected(self) -> pa.Table | None:
        path = self.data / "rejected" / "rows.parquet"
        return read_parquet(path) if path.exists() else None

    @property
    def dropped(self) -> int:
        return int((self.times == 0).sum())

    def files(self, part: str) -> list[Path]:
        return sorted((self.data / part).glob("part-*.parquet"))

    def keys(self, name: str) -> pa.Table:
        return pa.concat_tables([read_parquet(path) for path in self.files(f"keys/{name}")])

    def labels(self, name: str) -> Labels:
        target = self.config.columns.target
        tables = [read_parquet(path, columns=[target]) for path in self.files(name)]
        return labels_of(pa.concat_tables(tables), self.config)


def labels_of(table: pa.Table, config: BalanceConfig) -> Labels:
    """Return the labels of a table."""
    return encode_labels(table.unify_dictionaries()[config.columns.target])
