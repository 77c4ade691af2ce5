"""Reading JSON files that lie in a dataset, which others may have damaged or written: strictly, or not at all."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

from counterpoise.core.errors import IntegrityError

__all__ = ["StoredModel", "parse_stored"]

StoredModel = TypeVar("StoredModel", bound=BaseModel)

_MAX_BYTES = 64 * 2**20
_SHOWN = 5


def parse_stored(model: type[StoredModel], content: bytes, *, place: str, max_bytes: int = _MAX_BYTES) -> StoredModel:
    """Return what a file says, as a model.

    A file is read as UTF-8 JSON with every key once and finite numbers only; the model's types are taken strictly.

    Args:
        model: What the file must be; it forbids unknown fields.
        content: The file's bytes.
        place: The file's path or address, for the error.
        max_bytes: The most bytes that are looked at.

    Raises:
        IntegrityError: The file is damaged, too large, or not what the model says.
    """
    if len(content) > max_bytes:
        raise _unreadable(place, f"{len(content):,} bytes, where at most {max_bytes:,} are read")
    try:
        json.loads(content.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_constant, parse_float=_finite)
        return model.model_validate_json(content, strict=True)
    except ValidationError as error:
        raise _unreadable(place, _shown(error)) from None
    except (ValueError, RecursionError) as error:
        raise _unreadable(place, str(error) or type(error).__name__) from None


def _shown(error: ValidationError) -> str:
    parts = [f"{'.'.join(map(str, part['loc'])) or 'the document'}: {part['msg']}" for part in error.errors()]
    more = f", and {len(parts) - _SHOWN} more" if len(parts) > _SHOWN else ""
    return "; ".join(parts[:_SHOWN]) + more


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {next(name for name in found if names.count(name) > 1)!r} more than once")
    return found


def _constant(text: str) -> NoReturn:
    raise ValueError(f"{text}, which is no JSON number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"the number {text[:40]}, which is too large")
    return value


def _unreadable(place: str, found: str) -> IntegrityError:
    return IntegrityError(
        "unreadable_file",
        expected=f"{place} as Counterpoise wrote it",
        found=found,
        remedy="restore the file from a backup",
        values={"file": place},
    )
