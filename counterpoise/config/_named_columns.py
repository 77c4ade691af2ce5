"""The settings that name columns of the source: one list, read from the model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel

from counterpoise.config._sections.columns import ColumnsConfig
from counterpoise.config._sections.fields import ColumnUse

EVERY_COLUMN = "*="
"""How a pair begins that is for all columns."""


@dataclass(frozen=True)
class NamedColumns:
    """A setting that names columns.

    Attributes:
        field: Its place, such as `evaluation.slices`.
        names: The columns that it names.
        use: Which columns these may be.
    """

    field: str
    names: tuple[str, ...]
    use: ColumnUse

    def wrong_role(self, columns: ColumnsConfig) -> str:
        """Return why a column cannot be used here because of its role; an empty text if all can."""
        unseen = {columns.target, *columns.drop}
        others = {columns.group, columns.time} - {""}
        if self.use.among != "all" and (found := sorted(unseen.intersection(self.names))):
            return f"{self.field} needs features or keys, but {found[0]!r} is neither"
        if self.use.among == "amounts" and (found := sorted(others.intersection(self.names))):
            role = "group" if found[0] == columns.group else "time"
            return f"{self.field} needs amounts, but {found[0]!r} is columns.{role}"
        return ""


def named_columns(section: BaseModel, *, at: str = "") -> Iterator[NamedColumns]:
    """Yield the settings of a configuration, or of a section, that name columns.

    >>> [one.field for one in named_columns(ColumnsConfig(target="y", ids=("a",)), at="columns")]
    ['columns.target', 'columns.ids']

    Args:
        section: The configuration or section; fields are found by their mark, `ColumnUse`.
        at: The place of the section, such as `columns`.
    """
    for name, info in type(section).model_fields.items():
        value, place = getattr(section, name), f"{at}.{name}".removeprefix(".")
        if isinstance(value, BaseModel):
            yield from named_columns(value, at=place)
        for use in (mark for mark in info.metadata if isinstance(mark, ColumnUse)):
            texts = [text for text in ((value,) if isinstance(value, str) else value) if text]
            texts = [text for text in texts if not (use.pairs and text.startswith(EVERY_COLUMN))]
            if texts:
                yield NamedColumns(place, tuple(text.rsplit("=", use.pairs)[0] for text in texts), use)
