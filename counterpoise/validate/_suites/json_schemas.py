"""Accept only JSON schemas that visit each value once and fetch nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_PARTS = 500
_KEYWORDS = frozenset(
    [
        "$comment",
        "$schema",
        "const",
        "default",
        "deprecated",
        "description",
        "enum",
        "examples",
        "exclusiveMaximum",
        "exclusiveMinimum",
        "format",
        "maxContains",
        "maxItems",
        "maxLength",
        "maxProperties",
        "maximum",
        "minContains",
        "minItems",
        "minLength",
        "minProperties",
        "minimum",
        "multipleOf",
        "readOnly",
        "required",
        "title",
        "type",
        "uniqueItems",
        "writeOnly",
    ]
)
_SCHEMA = frozenset(
    ["additionalItems", "additionalProperties", "contains", "else", "if", "items", "not", "propertyNames", "then"]
)
_SCHEMAS = frozenset(["allOf", "anyOf", "items", "oneOf", "prefixItems"])


def schema_fault(schema: Any) -> str:
    """Return why a JSON schema is not supported; empty if it is.

    References (which can point to another address and multiply) and regular expressions are not supported.

    >>> schema_fault({"type": "object", "properties": {"id": {"type": "integer"}}})
    ''
    >>> schema_fault({"items": {"$ref": "https://example.com/schema.json"}})
    "the keyword '$ref'"
    """
    if not isinstance(schema, Mapping):
        return "not a JSON object"
    if sum(1 for _ in _values(schema)) > _PARTS:
        return f"more than {_PARTS} parts"
    return next(_faults(schema), "")


def _faults(schema: Any) -> Iterator[str]:
    if not isinstance(schema, Mapping):
        if not isinstance(schema, bool):
            yield f"a {type(schema).__name__} where a schema is expected"
        return
    for name, value in schema.items():
        if name not in _KEYWORDS | _SCHEMA | _SCHEMAS | {"properties"}:
            yield f"the keyword {str(name)[:100]!r}"
        elif name == "type" and not _only_texts(value):
            yield "a type that is not a text"
        else:
            for part in _inner(name, value):
                yield from _faults(part)


def _inner(name: str, value: Any) -> Iterable[Any]:
    """Return the schemas in a keyword's value."""
    if name in _SCHEMAS and isinstance(value, list):
        return value
    if name == "properties":
        return value.values() if isinstance(value, Mapping) else [value]
    return [value] if name in _SCHEMA | _SCHEMAS else []


def _only_texts(value: Any) -> bool:
    return all(isinstance(one, str) for one in (value if isinstance(value, list) else [value]))


def _values(value: Any) -> Iterator[Any]:
    yield value
    for part in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        yield from _values(part)
