"""Building blocks of the configuration's sections."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from counterpoise.secrets import check_texts
from counterpoise.storage import check_address, check_web_address, is_web


def _pairs(value: Any) -> Any:
    """Accept a mapping in place of a list of `name=value` texts."""
    return [f"{name}={item}" for name, item in value.items()] if isinstance(value, dict) else value


def _json_text(value: Any) -> Any:
    """Accept a mapping in place of JSON text."""
    return json.dumps(value, sort_keys=True) if isinstance(value, dict) else value


def _check_pairs(value: tuple[str, ...]) -> tuple[str, ...]:
    for item in value:
        if "=" not in item:
            raise ValueError(f"{item!r} is not of the form name=value")
    return value


def _check_json_object(value: str) -> str:
    try:
        parsed = json.loads(value or "{}")
    except json.JSONDecodeError as error:
        raise ValueError(f"not valid JSON: {error}") from None
    if not isinstance(parsed, dict):
        raise ValueError('expected a JSON object such as {"k_neighbors": 3}')  # noqa: TRY004  # Pydantic wants it
    return value


def _check_place(value: str) -> str:
    """Accept paths, and object store addresses without credentials."""
    if problem := check_address(value):
        raise ValueError(problem)
    return value


def _check_source_place(value: str) -> str:
    """Accept what a place may be, and files on the web."""
    if not is_web(value):
        return _check_place(value)
    if problem := check_web_address(value):
        raise ValueError(problem)
    return value


Place = Annotated[str, AfterValidator(_check_place)]
SourcePlace = Annotated[str, AfterValidator(_check_source_place)]
BlockName = Annotated[
    str,
    Field(
        pattern=r"^([a-z0-9-]+/[a-z0-9-]+)?$",
        description="A Prefect block, as type/name, with the credentials of an object store or the values of "
        "${VARIABLE}; empty means the environment of the run.",
    ),
]
Pairs = Annotated[tuple[str, ...], BeforeValidator(_pairs), AfterValidator(_check_pairs)]
JsonObjectText = Annotated[str, BeforeValidator(_json_text), AfterValidator(_check_json_object)]


@dataclass(frozen=True)
class ColumnUse:
    """Marks a field whose texts name columns of the source, so that they are checked before anything else is done.

    Attributes:
        among: The columns that may be named: all, those that are published (features and keys), or without group and
            time (amounts are neither).
        holds: What their values must be: anything, groups of rows, or amounts.
        pairs: Whether the texts are pairs, `name=value`.
    """

    among: Literal["all", "published", "amounts"] = "all"
    holds: Literal["anything", "groups", "amounts"] = "anything"
    pairs: bool = False


ColumnName = Annotated[str, ColumnUse()]
ColumnNames = Annotated[tuple[str, ...], ColumnUse()]


class Section(BaseModel):
    """The base of all sections: frozen, forbids unknown fields, hides values in errors."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        coerce_numbers_to_str=True,
        validate_default=True,
        model_title_generator=lambda section: section.__name__.removesuffix("Config"),  # as Prefect's form heads it
    )
    literal_fields: ClassVar[frozenset[str]] = frozenset()
    """Fields with names or values from the data, where `${x}` and `password=x` have no special meaning."""

    @model_validator(mode="after")
    def _no_variables_and_no_secrets(self) -> Self:
        """Refuse variables and secrets with our own error, because Pydantic's would repeat the value."""
        check_texts(self, literal=self.literal_fields)
        return self
