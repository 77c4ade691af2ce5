"""Read stored JSON files strictly, because others may have damaged or written them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

from counterpoise.errors import CounterpoiseError, IntegrityError
from counterpoise.records._fields import Sha256
from counterpoise.records._stages import Record
from counterpoise.runtime import json_sha256

StoredModel = TypeVar("StoredModel", bound=BaseModel)

DAMAGE_LOGGER = "counterpoise.files"
"""The logger for warnings about damaged files; a run forwards them to its log."""

MAX_BYTES = 64 * 2**20
RESTORE = "restore the file from a backup"
_SHOWN = 5
_DIGEST = "digest"


class Sealed(Record):
    """A record that contains the digest of its other fields, so that a change to a field also requires a new digest."""

    digest: Sha256


def seal(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a plain record with its digest added.

    >>> sorted(seal({"rows": 3}))
    ['digest', 'rows']
    """
    return {**record, _DIGEST: json_sha256({name: value for name, value in record.items() if name != _DIGEST})}


def parse_stored(
    model: type[StoredModel], content: bytes, *, place: str, remedy: str = RESTORE, max_bytes: int = MAX_BYTES
) -> StoredModel:
    """Parse a file's bytes into a model.

    The bytes must be UTF-8 JSON with unique keys and finite numbers, and the model's types are strict. The digest of a
    `Sealed` model must match its other fields.

    Args:
        model: The model, which forbids unknown fields.
        content: The file's bytes.
        place: The file's path or address, for the error.
        remedy: The remedy to give in the error.
        max_bytes: The maximum size.

    Raises:
        IntegrityError: The file is damaged, too large, or does not match the model.
    """
    if len(content) > max_bytes:
        raise unreadable(place, f"{len(content):,} bytes, where at most {max_bytes:,} are read", remedy=remedy)
    try:
        plain = read_strictly(content)
        found = model.model_validate_json(content, strict=True)
        if issubclass(model, Sealed):
            _check_seal(plain)
    except ValidationError as error:
        raise unreadable(place, _shown(error), remedy=remedy) from None
    except CounterpoiseError as error:  # it contains an invalid configuration
        raise unreadable(place, f"{error.reason}: {error.found}", remedy=remedy) from None
    except (ValueError, RecursionError) as error:
        raise unreadable(place, str(error) or type(error).__name__, remedy=remedy) from None
    return found


def _check_seal(plain: dict[str, Any]) -> None:
    if seal(plain)[_DIGEST] != plain[_DIGEST]:
        raise ValueError("the digest does not match the content: the file was changed after it was written")


def read_strictly(content: bytes) -> Any:
    """Parse UTF-8 JSON with unique keys and finite numbers.

    Raises:
        ValueError: The content is not such JSON.
        RecursionError: It is nested too deeply.
    """
    return json.loads(content.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_constant, parse_float=_finite)


def _shown(error: ValidationError) -> str:
    parts = [f"{'.'.join(map(str, part['loc'])) or 'the document'}: {part['msg']}" for part in error.errors()]
    more = f", and {len(parts) - _SHOWN} more" if len(parts) > _SHOWN else ""
    return "; ".join(parts[:_SHOWN]) + more


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {next(name for name in found if names.count(name) > 1)!r} occurs more than once")
    return found


def _constant(text: str) -> NoReturn:
    raise ValueError(f"{text}, which is not a JSON number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"the number {text[:40]}, which is too large")
    return value


def unreadable(place: str, found: str, *, remedy: str = RESTORE, reason: str = "unreadable_file") -> IntegrityError:
    """Build the error for a stored file that is rejected.

    Args:
        place: Its path or address.
        found: The problem.
        remedy: How the reader can fix it.
        reason: The code of the problem.
    """
    return IntegrityError(
        reason,
        expected=f"{place} as Counterpoise wrote it",
        found=found,
        remedy=remedy,
        values={"file": place},
    )
