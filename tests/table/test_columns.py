from __future__ import annotations

import pyarrow as pa
import pytest

from counterpoise.config import ColumnsConfig
from counterpoise.errors import ColumnNotFoundError, InputError
from counterpoise.table._source_table import column_roles

SCHEMA = pa.schema([(name, pa.int64()) for name in ("id", "amount", "when", "label", "code", "junk")])


def test_roles_follow_the_order_of_the_source() -> None:
    roles = column_roles(
        SCHEMA, ColumnsConfig(target="label", ids=("id",), time="when", drop=("junk",), categorical=("code",))
    )
    assert roles.features == ("amount", "code")
    assert roles.data == ("amount", "label", "code")
    assert roles.keys == ("id", "when")
    assert roles.categorical == {"code"}


@pytest.mark.parametrize("field", ["ids", "group", "time", "drop", "categorical"])
def test_a_column_that_is_not_there_is_told_with_field_and_suggestion(field: str) -> None:
    value = "amont" if field in {"group", "time"} else ("amont",)
    config = ColumnsConfig.model_validate({"target": "label", field: value})
    with pytest.raises(ColumnNotFoundError, match=rf"columns\.{field}.*'amount' for 'amont'"):
        column_roles(SCHEMA, config)


def test_a_table_without_features_is_refused() -> None:
    with pytest.raises(InputError, match="at least one feature column"):
        column_roles(SCHEMA, ColumnsConfig(target="label", drop=("id", "amount", "when", "code", "junk")))
