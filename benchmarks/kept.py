"""Results of long simulations that are kept piece by piece, so that an end of the process loses little."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Kept:
    """Results by key that outlive the process if there is a file for them."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        lines = file.read_text("utf-8").splitlines() if file and file.exists() else []
        self._found: dict[str, Any] = dict(json.loads(line) for line in lines)

    def once(self, key: str, work: Callable[[], Any]) -> Any:
        """Return the result of a key, which is computed if it is not known."""
        if key not in self._found:
            self._found[key] = work()
            if self._file:
                with self._file.open("a", encoding="utf-8") as out:
                    out.write(json.dumps([key, self._found[key]]) + "\n")
        return self._found[key]
