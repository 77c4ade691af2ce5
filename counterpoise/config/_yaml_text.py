"""Parse configuration text: a plain subset of YAML 1.2 without surprises.

`no`, `on`, `007` and `12:30` stay texts, as in YAML 1.2's core schema. Anchors, aliases, tags, repeated keys and deep
nesting are refused before anything is built, so that a small file cannot expand into a large object.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from typing import Any, cast

import yaml

from counterpoise.errors import ConfigError
from counterpoise.secrets import redact

_MAX_DEPTH = 20
_CORE_SCHEMA = (
    ("tag:yaml.org,2002:null", r"^(?:~|null|Null|NULL|)$", "~nN\0"),
    ("tag:yaml.org,2002:bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("tag:yaml.org,2002:int", r"^[-+]?(?:0|[1-9][0-9]{0,99})$", "-+0123456789"),
    (
        "tag:yaml.org,2002:float",
        r"^[-+]?(?:(?:(?:0|[1-9][0-9]*)?\.[0-9]+|(?:0|[1-9][0-9]*)\.?)(?:[eE][-+]?[0-9]+)?|\.(?:inf|Inf|INF|nan|NaN|NAN))$",
        "-+0123456789.",
    ),
)


class _CoreLoader(yaml.SafeLoader):
    """YAML 1.2's core schema with unique keys."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012  # PyYAML's own attribute

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Build a mapping and refuse repeated keys."""
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable) and key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} is repeated", key_node.start_mark)
            seen.add(key if isinstance(key, Hashable) else repr(key))
        return super().construct_mapping(node, deep=deep)


for _tag, _pattern, _first in _CORE_SCHEMA:
    _CoreLoader.add_implicit_resolver(
        _tag, re.compile(_pattern), [character if character != "\0" else "" for character in _first]
    )


def parse_mapping(text: str, *, name: str) -> dict[str, Any]:
    """Parse a YAML document that contains a mapping.

    Args:
        text: The document.
        name: The name to use in errors, such as the file name.

    Raises:
        ConfigError: The text is not YAML, not a mapping, or uses more than plain mappings, lists and values.
    """
    value = _load(text, name=name)
    if not isinstance(value, dict):
        raise ConfigError(
            "not_a_mapping",
            expected=f"{name} to be a mapping such as `name: fraud`",
            found="an empty document" if value is None else f"a {type(value).__name__}",
            remedy="start from the file that `counterpoise init` writes",
        )
    return value


def parse_value(text: str, *, name: str) -> Any:
    """Parse the value of an override: a list or mapping in YAML's flow style, or a scalar as a whole.

    >>> parse_value("0.3", name="--set"), parse_value("[NA, '?']", name="--set"), parse_value("a: b", name="--set")
    (0.3, ['NA', '?'], 'a: b')
    """
    if text.lstrip()[:1] in {"[", "{", "'", '"'}:
        return _load(text, name=name)
    loader = _CoreLoader("")
    tag = loader.resolve(yaml.ScalarNode, text.strip(), (True, False))  # type: ignore[no-untyped-call]  # the stubs
    return loader.construct_object(yaml.ScalarNode(tag, text.strip()))


def _load(text: str, *, name: str) -> Any:
    try:
        _check_events(yaml.parse(text, Loader=_CoreLoader))
        return yaml.load(text, Loader=_CoreLoader)  # noqa: S506  # a restricted SafeLoader
    except yaml.YAMLError as error:
        raise ConfigError(
            "not_yaml",
            expected=f"{name} to be plain YAML",
            found=_describe(error),
            remedy="correct that place; mappings, lists and values are enough",
        ) from None


def _check_events(events: Iterator[yaml.Event]) -> None:
    depth = 0
    for event in events:
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            problem = f"more than {_MAX_DEPTH} levels of nesting"
        elif isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            problem = "an anchor or alias, which configurations must not use"
        elif getattr(event, "tag", None) is not None:
            problem = "a tag, which configurations must not use"
        else:
            continue
        mark = cast("yaml.error.Mark", event.start_mark)
        raise yaml.MarkedYAMLError(problem=problem, problem_mark=mark)


def _describe(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = redact(str(getattr(error, "problem", None) or getattr(error, "reason", None) or "not YAML"))
    if "\\t" in problem:
        problem = "a tab where YAML requires spaces"
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}" if mark else problem
