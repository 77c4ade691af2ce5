"""What stands in the files of `keys/`: our own fields and, behind them, the source's key columns."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from counterpoise.table import ColumnRoles

__all__ = ["KEY_FIELDS", "PARENT_FIELDS", "WEIGHT_FIELD", "key_names", "key_schema", "source_keys"]

KEY_FIELDS = (
    pa.field("source_row", pa.int64()),
    pa.field("origin", pa.string()),
    pa.field("parent_a", pa.int64()),
    pa.field("parent_b", pa.int64()),
    pa.field("lambda", pa.float64()),
)
"""What stands in `keys/` for every row, before the source's own key columns."""

PARENT_FIELDS = KEY_FIELDS[2:]
"""What of it says how a synthetic row was made."""

WEIGHT_FIELD = pa.field("weight", pa.int32())
"""What stands behind them in `keys/train/` where train rows are weighted."""

_OURS = frozenset(field.name for field in (*KEY_FIELDS, WEIGHT_FIELD))


def key_schema(schema: pa.Schema, roles: ColumnRoles, *, weighted: bool = False) -> pa.Schema:
    """Return the schema of the files in `keys/`; a source column called like one of ours gets `source_` in front."""
    fields = [*_own(weighted=weighted), *(schema.field(name) for name in roles.keys)]
    names = key_names(roles.keys, weighted=weighted)
    return pa.schema([field.with_name(name) for field, name in zip(fields, names, strict=True)])


def key_names(keys: Sequence[str], *, weighted: bool) -> list[str]:
    """Return the names of the columns in `keys/`.

    Args:
        keys: The source's key columns.
        weighted: Whether the rows have weights.
    """
    own = [field.name for field in _own(weighted=weighted)]
    return [*own, *(f"source_{name}" if name in own else name for name in keys)]


def _own(*, weighted: bool) -> tuple[pa.Field, ...]:
    return (*KEY_FIELDS, WEIGHT_FIELD) if weighted else KEY_FIELDS


def source_keys(keys: pa.Table, names: Sequence[str]) -> pa.Table:
    """Return key columns of the source, under the names that they have there."""
    stored = {name: f"source_{name}" if name in _OURS else name for name in names}
    return pa.table({name: keys[there if there in keys.schema.names else name] for name, there in stored.items()})
