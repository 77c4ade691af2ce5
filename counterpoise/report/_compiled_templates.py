"""Compiled templates, kept beside them as Python keeps its compiled modules: compiling takes longer than rendering."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib import metadata
from importlib.resources.abc import Traversable
from importlib.util import cache_from_source
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import FileSystemBytecodeCache

from counterpoise.runtime import json_sha256

if TYPE_CHECKING:
    from jinja2.bccache import Bucket


def compiled_templates(folder: Traversable, options: Mapping[str, Any]) -> FileSystemBytecodeCache | None:
    """Return the cache of a folder's templates; None if Python is told to write no compiled code, or has no folder.

    A file counts only for the same text of its template, Python, Jinja and options.

    Args:
        folder: The folder of the templates.
        options: The options of the environment that compiles them.
    """
    if sys.dont_write_bytecode or not isinstance(folder, Path):
        return None
    place = Path(cache_from_source(str(folder / "template.py"))).parent
    with suppress(OSError):
        place.mkdir(parents=True, exist_ok=True)
    key = json_sha256([metadata.version("jinja2"), dict(options)])[:16]
    return _CompiledTemplates(str(place), f"%s.{sys.implementation.cache_tag}-{key}.jinja")


class _CompiledTemplates(FileSystemBytecodeCache):
    """Compiled templates in files; those that cannot be read or written are compiled anew."""

    def load_bytecode(self, bucket: Bucket) -> None:
        try:
            super().load_bytecode(bucket)
        except Exception:  # noqa: BLE001  # a damaged file gives any error of pickle
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            super().dump_bytecode(bucket)
