"""What stands in the files of `keys/`: our own fields and, behind them, the source's key columns."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from counterpoise.core.columns import ColumnRoles

__all__ = ["KEY_FIELDS", "PARENT_FIELDS", "WEIGHT_FIELD", "key_schema", "source_keys"]

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
    own = (*KEY_FIELDS, WEIGHT_FIELD) if weighted else KEY_FIELDS
    taken = {field.name for field in own}
    fields = [schema.field(name) for name in roles.keys]
    renamed = [field.with_name(f"source_{field.name}") if field.name in taken else field for field in fields]
    return pa.schema([*own, *renamed])


def source_keys(keys: pa.Table, names: Sequence[str]) -> pa.Table:
    """Return key columns of the source, under the names that they have there."""
    stored = {name: f"source_{name}" if name in _OURS else name for name in names}
    return pa.table({name: keys[there if there in keys.schema.names else name] for name, there in stored.items()})
