"""Every error that Counterpoise raises on purpose.

Each says what was expected, what was found and what to do next, and carries the stage, a stable reason code and the
values as attributes, so that callers can branch on them. All are picklable.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from counterpoise.text import visible

__all__ = [
    "ColumnNotFoundError",
    "ConfigError",
    "ContractError",
    "CounterpoiseError",
    "EngineError",
    "EvaluationError",
    "InputError",
    "IntegrityError",
    "MachineError",
    "MissingObjectError",
    "PublishError",
    "ResamplingError",
    "SplitError",
    "StorageError",
    "StorageUnavailableError",
    "VersionNotFoundError",
]


class CounterpoiseError(Exception):
    """The base of all errors raised on purpose.

    Args:
        reason: A stable code in snake case, such as `single_class`; or, alone, a whole message, as Prefect rebuilds an
            error of another process.
        expected: What would have been right.
        found: What was there instead.
        remedy: What the reader can do next.
        values: Details by name, JSON-serialisable.
    """

    stage = "counterpoise"
    exit_code = 1

    def __init__(
        self,
        reason: str,
        *,
        expected: str = "",
        found: str = "",
        remedy: str = "",
        values: dict[str, Any] | None = None,
    ) -> None:
        self.reason = reason
        self.expected = expected
        self.found = found
        self.remedy = remedy
        self.values = dict(values or {})
        said = f"[{self.stage}: {reason}] Expected {expected}. Found {found}. What to do: {remedy}."
        super().__init__(visible(said if expected or found or remedy else reason))

    def __reduce__(self) -> tuple[Any, ...]:
        state = {"expected": self.expected, "found": self.found, "remedy": self.remedy, "values": self.values}
        return _rebuild, (type(self), self.reason, state)

    def as_dict(self) -> dict[str, Any]:
        """Return the error as a JSON-serialisable record."""
        return {
            "error": type(self).__name__,
            "stage": self.stage,
            "reason": self.reason,
            "expected": self.expected,
            "found": self.found,
            "remedy": self.remedy,
            "values": self.values,
        }


def _rebuild(kind: type[CounterpoiseError], reason: str, state: dict[str, Any]) -> CounterpoiseError:
    return kind(reason, **state)


class ConfigError(CounterpoiseError):
    """The configuration is wrong: nothing was read yet."""

    stage = "config"
    exit_code = 2


class InputError(CounterpoiseError):
    """The source cannot be read as a table, or not exactly."""

    stage = "ingest"
    exit_code = 2


class ColumnNotFoundError(InputError):
    """A column that the configuration names is not in the table."""

    @classmethod
    def from_names(cls, missing: Iterable[str], available: Iterable[str], *, field: str) -> ColumnNotFoundError:
        """Build the error from the missing and the available column names.

        Args:
            missing: The names that were asked for and are not there.
            available: The names that are there.
            field: The configuration field that asked, such as `columns.target`.
        """
        missing, available = list(missing), list(available)
        close = {name: difflib.get_close_matches(name, available, n=1) for name in missing}
        hints = [f"{match[0]!r} for {name!r}" for name, match in close.items() if match]
        shown = ", ".join(repr(name) for name in available[:30]) + (" …" if len(available) > 30 else "")
        return cls(
            "column_not_found",
            expected=f"the columns named in {field}: {', '.join(repr(name) for name in missing)}",
            found=f"{len(available)} columns: {shown}",
            remedy=f"correct {field}" + (f", perhaps {', '.join(hints)}" if hints else ""),
            values={"missing": missing, "available": available[:200], "field": field},
        )


class ContractError(CounterpoiseError):
    """The data breaks a critical expectation."""

    stage = "validate"
    exit_code = 2


class SplitError(CounterpoiseError):
    """The rows cannot be split as asked."""

    stage = "split"
    exit_code = 2


class ResamplingError(CounterpoiseError):
    """The train partition cannot be resampled as asked."""

    stage = "resample"
    exit_code = 2


class EvaluationError(CounterpoiseError):
    """The effect of resampling cannot be measured as asked."""

    stage = "evaluate"
    exit_code = 2


class EngineError(CounterpoiseError):
    """A library underneath failed in a way that says nothing about the data."""

    stage = "engine"


class MachineError(CounterpoiseError):
    """The operating system refuses: space, memory, rights or limits. Which stage it was is in the values."""

    stage = "machine"

    def __init__(self, reason: str, *, values: dict[str, Any] | None = None, **said: str) -> None:
        self.stage = str((values or {}).get("stage", self.stage))
        super().__init__(reason, values=values, **said)


class PublishError(MachineError):
    """A version could not be written and published."""

    stage = "persist"


class IntegrityError(CounterpoiseError):
    """Published files differ from what their manifest certifies."""

    stage = "verify"


class StorageError(CounterpoiseError):
    """An object store refuses: its bucket, the rights on it or its settings are not as they must be."""

    stage = "storage"
    exit_code = 2


class StorageUnavailableError(StorageError):
    """An object store cannot be reached or fails; another try may succeed."""

    exit_code = 1


class MissingObjectError(StorageError, FileNotFoundError):
    """An object is not where it must be; whoever reckons with that takes it for a missing file."""


class VersionNotFoundError(CounterpoiseError):
    """No published version under that address."""

    stage = "versions"
    exit_code = 2
