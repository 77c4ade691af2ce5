"""Load configurations from YAML files, mappings and `--set` overrides, with readable errors.

Relative paths in a configuration (source, suite, output root) are relative to the working directory of the run, not to
the file, so that the same configuration works as a file, as a deployment's parameters and in Python.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from counterpoise.config._model import BalanceConfig
from counterpoise.config._yaml_text import parse_mapping, parse_value
from counterpoise.errors import ConfigError
from counterpoise.secrets import is_secret_name, redact

M = TypeVar("M", bound=BaseModel)

_MAX_BYTES = 1_000_000
_MAX_SHOWN = 80
_OTHER_WORDS = {"sampling_strategy": "ratio", "random_state": "seed", "n_neighbors": "k_neighbors", "n_jobs": "workers"}
"""Words of imbalanced-learn, and ours for them."""

_WORDING = {
    "missing": "and required",
    "tuple_type": "should be a list, such as [a, b]",
    "string_type": "should be a text; put it in quotes",
}

_PATTERNS = {
    "name": "should be letters, digits, dots, dashes and underscores, at most 100, starting with a letter or digit",
    "memory_limit": "should be an amount of memory, such as 8 GiB",
    "address": "should be a host with a port, such as tcp://10.0.0.5:8786",
    "credentials_block": "should be type/name, in lower-case letters, digits and dashes",
    "sha256": "should be a SHA-256 of 64 hexadecimal digits, as sha256sum prints it",
    "version": "should be a number, such as 12: a version of Delta Lake, or the id of a snapshot of Iceberg",
}
"""What a text of each field with a pattern should be; all others are lengths of time."""
_LENGTH = "should be a length such as 7 days, or a number without unit where times are numbers"


def load_config(path: str | Path, overrides: Sequence[str] = ()) -> BalanceConfig:
    """Read a configuration file.

    Args:
        path: A YAML file of at most 1 MB.
        overrides: Fields to override, as `split.test_size=0.3`.

    Raises:
        ConfigError: The file cannot be read, is not plain YAML, or has an invalid field.
    """
    return build_config(parse_mapping(_read_text(Path(path)), name=str(path)), overrides)


def build_config(mapping: Mapping[str, Any], overrides: Sequence[str] = ()) -> BalanceConfig:
    """Build a configuration from a mapping, which is not modified.

    Args:
        mapping: Sections by name, as in the YAML file.
        overrides: Fields to override, as `split.test_size=0.3`; values are YAML scalars or lists.

    Raises:
        ConfigError: A field is invalid.
    """
    values: dict[str, Any] = dict(mapping)
    for override in overrides:
        values = _with_override(values, override)
    return build_section(BalanceConfig, values)


def build_section(model: type[M], values: Mapping[str, Any], *, name: str = "") -> M:
    """Build the configuration or one of its sections from fields.

    Args:
        model: The model of the configuration or section.
        values: The fields.
        name: The section's name, such as `source`; empty for the whole configuration.

    Raises:
        ConfigError: A field is invalid.
    """
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        raise config_error(error, values, section=name) from None


def config_error(error: ValidationError, mapping: Mapping[str, Any], *, section: str = "") -> ConfigError:
    """Turn Pydantic's findings into one error that lists each invalid field, its value and the allowed values.

    Args:
        error: The error that validating `mapping` raised.
        mapping: The validated values; secrets in them are not repeated.
        section: The section of the values, such as `source`; empty for the whole configuration.
    """
    at = [section] if section else []
    found = error.errors(include_url=False, include_input=False)
    inner = {details["loc"][:-1] for details in found}
    problems = [
        _problem(details, mapping, at)
        for details in found
        if details["type"] != "too_short" or details["loc"] not in inner
    ]
    lines = [f"{problem['field']}: {problem['found']}, {problem['allowed']}" for problem in problems]
    fields = ", ".join(dict.fromkeys(problem["field"] for problem in problems))
    return ConfigError(
        "invalid_config",
        expected="a configuration with only valid fields",
        found=lines[0] if len(lines) == 1 else "".join(f"\n  - {line}" for line in lines) + "\n",
        remedy=f"correct {fields}",
        values={"problems": problems},
    )


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise ConfigError(
            "config_not_readable",
            expected="a readable configuration file",
            found=f"{str(path)!r}: {getattr(error, 'strerror', None) or error}",
            remedy="give the path of a YAML file, such as one written by `counterpoise init`",
        ) from None
    if len(content) > _MAX_BYTES:
        raise ConfigError(
            "config_too_large",
            expected=f"a configuration file of at most {_MAX_BYTES:,} bytes",
            found=f"a larger file, {str(path)!r}",
            remedy="give a configuration, not the data",
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(
            "config_not_utf8",
            expected="a configuration file in UTF-8",
            found=f"byte {content[error.start]:#04x} at offset {error.start} of {str(path)!r}",
            remedy="save the file as UTF-8",
        ) from None


def _with_override(values: dict[str, Any], override: str) -> dict[str, Any]:
    name, sign, text = override.partition("=")
    keys = name.strip().split(".")
    if not sign or not all(keys):
        raise ConfigError(
            "invalid_override",
            expected="an override of the form section.field=value",
            found=repr(redact(override)),
            remedy="write for example --set split.test_size=0.3",
        )
    return _replaced(values, keys, parse_value(text, name=f"--set {name.strip()}"))


def _replaced(values: dict[str, Any], keys: Sequence[str], value: Any) -> dict[str, Any]:
    if len(keys) == 1:
        return {**values, keys[0]: value}
    inner = values.get(keys[0], {})
    section = dict(inner) if isinstance(inner, Mapping) else {}
    return {**values, keys[0]: _replaced(section, keys[1:], value)}


def _problem(details: ErrorDetails, mapping: Mapping[str, Any], at: Sequence[str]) -> dict[str, Any]:
    path = [*at, *map(str, details["loc"])]
    return {
        "field": ".".join(path) or "the configuration",
        "found": "missing" if details["type"] == "missing" else _found(mapping, details["loc"]),
        "allowed": _allowed(details, path, _value_at(mapping, details["loc"])),
    }


def _found(mapping: Mapping[str, Any], loc: Sequence[str | int]) -> str:
    """Describe the invalid value, unless its field's name marks it as a secret."""
    secret = any(is_secret_name(str(part)) or part == "credentials_block" for part in loc)
    return "found a text (hidden)" if secret else f"found {_show(_value_at(mapping, loc))}"


def _allowed(details: ErrorDetails, path: Sequence[str], value: Any) -> str:
    if details["type"] == "extra_forbidden":
        return _suggestion(path)
    if details["type"] in {"model_type", "model_attributes_type"}:
        return f"should be a mapping with the keys {', '.join(_keys_of(path))}"
    if details["type"] == "string_pattern_mismatch":
        return _PATTERNS.get(path[-1], _LENGTH)
    message = details["msg"].removeprefix("Value error, ").replace("Input should be", "should be")
    hint = _our_value(details.get("ctx", {}).get("expected", ""), value) if details["type"] == "literal_error" else ""
    return _WORDING.get(details["type"], message) + hint


def _suggestion(path: Sequence[str]) -> str:
    known = _keys_of(path[:-1])
    close = [] if path[-1] in _OTHER_WORDS else difflib.get_close_matches(path[-1], known, n=1)
    close = close or _places_of(path[-1])
    hint = f"; did you mean {' or '.join(close)}?" if close else ""
    return f"an unknown key; allowed are {', '.join(known)}{hint}"


def _places_of(name: str) -> list[str]:
    """Return the fields of other sections that a name, or a word of imbalanced-learn, stands for."""
    name = _OTHER_WORDS.get(name, name)
    within = [f"{section}.{name}" for section in BalanceConfig.model_fields if name in _keys_of([section])]
    return [name, *within] if name in BalanceConfig.model_fields else within


def _our_value(expected: str, value: Any) -> str:
    """Return a hint if a value is another spelling of one that is allowed, such as a class of imbalanced-learn.

    >>> _our_value("'random_over', 'smote_enn' or 'all_knn'", "SMOTEENN")
    '; did you mean smote_enn?'
    """
    name = value if isinstance(value, str) else type(value).__name__
    meant = [each for each in re.findall(r"'(.*?)'", expected) if _letters(each) == _letters(name)]
    return f"; did you mean {meant[0]}?" if meant else ""


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower()).removesuffix("sampler")


def _keys_of(path: Sequence[str]) -> list[str]:
    model: type[BaseModel] = BalanceConfig
    for part in path:
        field = model.model_fields.get(part)
        kind = field.annotation if field else None
        if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
            return []
        model = kind
    return list(model.model_fields)


def _value_at(value: Any, loc: Sequence[str | int]) -> Any:
    for part in loc:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return value
    return value


def _show(value: Any) -> str:
    text = redact(repr(value))
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"
