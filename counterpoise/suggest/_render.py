"""Render a configuration as readable YAML with the important fields and reasons."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from counterpoise.config import BalanceConfig

_WIDTH = 100
_ALWAYS = frozenset(
    {
        "name",
        "seed",
        "columns.target",
        "validation.on_invalid_rows",
        "split.test_size",
        "split.validation_size",
        "resampling.strategy",
        "output.root",
    }
)
_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./ -]*[A-Za-z0-9_]|[A-Za-z_]")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"})


def render_config(config: BalanceConfig, comments: Mapping[str, str], suite_path: str) -> str:
    """Render a configuration as YAML; `load_config` restores it, with `validation.suite` set.

    Fields with default values are omitted, unless users look for them or they have a comment.

    Args:
        config: The configuration.
        comments: The reasons, by field path such as `columns.ids` or by section such as `columns`.
        suite_path: The path of the suite; empty for none.
    """
    suited = config.model_copy(
        update={"validation": config.validation.model_copy(update={"suite": suite_path or config.validation.suite})}
    )
    lines = ["# How Counterpoise makes this dataset. Omitted fields have their default values.", ""]
    for name, value in _fields(suited):
        if isinstance(value, BaseModel):
            lines += _section(name, value, comments)
        else:
            lines += [*_comment(comments.get(name, ""), ""), f"{name}: {_value(value)}"]
    return "\n".join(lines).rstrip() + "\n"


def _fields(model: BaseModel) -> Iterator[tuple[str, Any]]:
    dumped = model.model_dump(mode="json")
    for name in type(model).model_fields:
        value = getattr(model, name)
        yield name, value if isinstance(value, BaseModel) else dumped[name]


def _section(name: str, section: BaseModel, comments: Mapping[str, str]) -> list[str]:
    lines = []
    defaults = {field: info.get_default() for field, info in type(section).model_fields.items()}
    for field, value in _fields(section):
        path = f"{name}.{field}"
        comment = _comment(comments.get(path, ""), "  ")
        wanted = (path in _ALWAYS or path in comments) and value not in ("", [])
        changed = getattr(section, field) != defaults[field]
        lines += [*comment, f"  {field}: {_value(value)}"] if wanted or changed else comment
    if not any(not line.lstrip().startswith("#") for line in lines):
        return []
    return ["", *_comment(comments.get(name, ""), ""), f"{name}:", *lines]


def _comment(text: str, indent: str) -> list[str]:
    plain = "".join(character if character.isprintable() else " " for character in text)
    return textwrap.wrap(plain, _WIDTH, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# ")


def _value(value: Any) -> str:
    """Return a value in YAML's flow style; a text is left unquoted only if every reader takes it for a text."""
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS and "  " not in value:
        return value
    text = json.dumps(value, ensure_ascii=False)
    return "".join(character if character.isprintable() else f"\\U{ord(character):08X}" for character in text)
