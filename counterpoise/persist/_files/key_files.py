"""The columns of the files in `keys/`: Counterpoise's own fields, then the source's key columns."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from counterpoise.table import ColumnRoles

KEY_FIELDS = (
    pa.field("source_row", pa.int64()),
    pa.field("origin", pa.string()),
    pa.field("parent_a", pa.int64()),
    pa.field("parent_b", pa.int64()),
    pa.field("lambda", pa.float64()),
)
"""Fields of every row in `keys/`, before the source's key columns."""

PARENT_FIELDS = KEY_FIELDS[2:]
"""The fields that describe how a synthetic row was made."""

WEIGHT_FIELD = pa.field("weight", pa.float64())
"""The extra field of `keys/train/` when train rows are weighted; int32 in versions with whole weights."""

_RESERVED = frozenset(field.name for field in (*KEY_FIELDS, WEIGHT_FIELD))


def key_schema(schema: pa.Schema, roles: ColumnRoles, *, weight: pa.DataType | None = None) -> pa.Schema:
    """Return the schema of the files in `keys/`; source columns that clash with our fields are prefixed with `source_`.

    Args:
        schema: The schema of the source.
        roles: The roles of the source's columns.
        weight: The type of the rows' weights; None if they have none.
    """
    own = (*KEY_FIELDS, *([] if weight is None else [WEIGHT_FIELD.with_type(weight)]))
    fields = [*own, *(schema.field(name) for name in roles.keys)]
    names = key_names(roles.keys, weighted=weight is not None)
    return pa.schema([field.with_name(name) for field, name in zip(fields, names, strict=True)])


def key_names(keys: Sequence[str], *, weighted: bool) -> list[str]:
    """Return the column names in `keys/`.

    Args:
        keys: The source's key columns.
        weighted: Whether the rows have weights.
    """
    own = [field.name for field in (*KEY_FIELDS, *([WEIGHT_FIELD] if weighted else []))]
    return [*own, *(f"source_{name}" if name in own else name for name in keys)]


def source_keys(keys: pa.Table, names: Sequence[str]) -> pa.Table:
    """Return the source's key columns under their original names."""
    stored = {name: f"source_{name}" if name in _RESERVED else name for name in names}
    return pa.table({name: keys[there if there in keys.schema.names else name] for name, there in stored.items()})
