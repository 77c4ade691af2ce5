"""The section `columns`: the role of each column."""

from __future__ import annotations

from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from counterpoise.config._sections.fields import ColumnName, ColumnNames, Section


class ColumnsConfig(Section):
    """The role of each column; columns not named here are features."""

    literal_fields = frozenset({"target", "ids", "group", "time", "drop", "categorical"})

    target: ColumnName = Field(min_length=1, description="The label column.")
    ids: ColumnNames = Field((), description="Identifiers: kept in keys/, never among the features.")
    group: ColumnName = Field("", description="Rows of one group stay in one partition; kept in keys/.")
    time: ColumnName = Field("", description="The time of the event; kept in keys/.")
    time_unit: Literal["", "millisecond", "second", "minute", "hour", "day", "week"] = Field(
        "",
        description="The unit of a numeric time column, such as second: lengths can then be written as 7 days, and "
        "days can be told apart. Empty for timestamps and dates.",
    )
    time_zone: str = Field(
        "",
        max_length=64,
        description="The time zone whose days count, such as Europe/Berlin, for times with a zone or a unit: for "
        "precision by day, and for dates without an offset in windows. Empty for that of the column's type, else UTC.",
    )
    drop: ColumnNames = Field((), description="Columns to remove from the data.")
    categorical: ColumnNames = Field(
        (),
        description="Numeric columns that hold codes: synthetic rows get the neighbours' vote, not an interpolation.",
    )

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            _ = ZoneInfo(name) if name else None
        except (ValueError, OSError, ZoneInfoNotFoundError):
            raise ValueError(f"{name!r} is no time zone: write a name such as Europe/Berlin or UTC") from None
        return name

    @model_validator(mode="after")
    def _unit_of_a_column(self) -> ColumnsConfig:
        for name in ("time_unit", "time_zone"):
            if getattr(self, name) and not self.time:
                raise ValueError(f"{name} needs columns.time")
        return self

    @model_validator(mode="after")
    def _one_role_a_column(self) -> ColumnsConfig:
        named = [self.target, *self.ids, *filter(None, (self.group, self.time)), *self.drop]
        twice = sorted({name for name in named if named.count(name) > 1})
        if twice:
            raise ValueError(f"a column can have only one role, but {', '.join(map(repr, twice))} has several")
        return self

    def key_columns(self) -> tuple[str, ...]:
        """Return the source columns that go to `keys/`, in the order ids, group, time."""
        return (*self.ids, *filter(None, (self.group, self.time)))

    def named(self) -> tuple[str, ...]:
        """Return all columns that the configuration names besides the target."""
        return (*self.key_columns(), *self.drop, *self.categorical)
