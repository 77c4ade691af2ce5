"""Damaging stored files, and hearing what is told of it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from counterpoise.persist import as_json
from counterpoise.records import DAMAGE_LOGGER, seal

__all__ = ["damage_told", "rewrite", "sealed_again"]


@contextmanager
def damage_told(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Hear warnings of damaged files, whoever else they are handed to."""
    logger = logging.getLogger(DAMAGE_LOGGER)
    before = logger.propagate, logger.handlers
    logger.propagate, logger.handlers = False, [caplog.handler]
    try:
        yield
    finally:
        logger.propagate, logger.handlers = before


def rewrite(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change what a sealed file says, as somebody does who knows how it is sealed."""
    plain = json.loads(path.read_text())
    change(plain)
    path.write_text(sealed_again(plain))


def sealed_again(plain: dict[str, Any]) -> str:
    """Return the text of a sealed file."""
    return as_json(seal(plain))
