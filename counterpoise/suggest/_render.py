"""A configuration as YAML that a person reads with pleasure: what matters, and why."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from counterpoise.config import BalanceConfig

__all__ = ["render_config"]

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
    """Return the configuration as YAML: `load_config` gives it back, with `validation.suite` set.

    Fields at their default are left out unless people look for them or a comment is about them.

    Args:
        config: What to write.
        comments: Why, by field path such as `columns.ids` or section such as `columns`.
        suite_path: The suite file to name; empty for none.
    """
    suited = config.model_copy(
        update={"validation": config.validation.model_copy(update={"suite": suite_path or config.validation.suite})}
    )
    lines = ["# How Counterpoise makes this dataset. Fields that are not here have their defaults.", ""]
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
        asked_for = (path in _ALWAYS or path in comments) and value not in ("", [])
        changed = getattr(section, field) != defaults[field]
        lines += [*comment, f"  {field}: {_value(value)}"] if asked_for or changed else comment
    if not any(not line.lstrip().startswith("#") for line in lines):
        return []
    return ["", *_comment(comments.get(name, ""), ""), f"{name}:", *lines]


def _comment(text: str, indent: str) -> list[str]:
    plain = "".join(character if character.isprintable() else " " for character in text)
    return textwrap.wrap(plain, _WIDTH, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# ")


def _value(value: Any) -> str:
    """Return a value in YAML's flow style; a text stays plain only where no reader takes it for something else."""
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS and "  " not in value:
        return value
    text = json.dumps(value, ensure_ascii=False)
    return "".join(character if character.isprintable() else f"\\U{ord(character):08X}" for character in text)
