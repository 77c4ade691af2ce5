"""The errors that Counterpoise raises on purpose.

Each error states the expectation, the finding and the remedy. The stage, a stable reason code and the values are
attributes, so that callers can branch on them. All errors can be pickled.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from counterpoise.text import visible


class CounterpoiseError(Exception):
    """The base class of all deliberate errors.

    Args:
        reason: A stable code in snake case, such as `single_class`; or, on its own, a complete message, which Prefect
            passes when it rebuilds an error from another process.
        expected: The expectation.
        found: The finding.
        remedy: How to fix the problem.
        values: Details by name, JSON-serialisable.
    """

    stage = "counterpoise"
    exit_code = 1

    def __init_subclass__(cls, *, stage: str = "", exit_code: int | None = None) -> None:
        """Set the stage and the exit code of a kind of error; it inherits those that are not given."""
        super().__init_subclass__()
        cls.stage, cls.exit_code = stage or cls.stage, cls.exit_code if exit_code is None else exit_code

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

    def _said(self) -> dict[str, Any]:
        return {"expected": self.expected, "found": self.found, "remedy": self.remedy, "values": self.values}

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.reason, self._said())

    def as_dict(self) -> dict[str, Any]:
        """Return the error as a JSON-serialisable record."""
        return {"error": type(self).__name__, "stage": self.stage, "reason": self.reason, **self._said()}


def _rebuild(kind: type[CounterpoiseError], reason: str, state: dict[str, Any]) -> CounterpoiseError:
    return kind(reason, **state)


class ConfigError(CounterpoiseError, stage="config", exit_code=2):
    """The configuration is invalid; nothing has been read yet."""


class InputError(CounterpoiseError, stage="ingest", exit_code=2):
    """The source cannot be read as a table, or not exactly."""


class ColumnNotFoundError(InputError):
    """The table lacks a column that the configuration names."""

    @classmethod
    def from_names(cls, missing: Iterable[str], available: Iterable[str], *, field: str) -> ColumnNotFoundError:
        """Build the error from the missing and available column names.

        Args:
            missing: The requested names that do not exist.
            available: The existing names.
            field: The configuration field with the names, such as `columns.target`.
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


class ColumnUseError(InputError):
    """A column that the configuration names does not hold what it is named for."""


class ContractError(CounterpoiseError, stage="validate", exit_code=2):
    """The data fails a critical expectation."""


class SplitError(CounterpoiseError, stage="split", exit_code=2):
    """The rows cannot be split as configured."""


class ResamplingError(CounterpoiseError, stage="resample", exit_code=2):
    """The train partition cannot be resampled as configured."""


class ArgumentError(CounterpoiseError, ValueError, stage="pipelines", exit_code=2):
    """A building block for other pipelines cannot work as it was called; a `ValueError`, as scikit-learn expects."""


class EvaluationError(CounterpoiseError, stage="evaluate", exit_code=2):
    """The effect of resampling cannot be measured as configured."""


class EngineError(CounterpoiseError, stage="engine"):
    """An underlying library failed for a reason unrelated to the data."""


class MachineError(CounterpoiseError, stage="machine"):
    """The operating system refused: space, memory, permissions or limits. The values name the stage."""

    def __init__(self, reason: str, *, values: dict[str, Any] | None = None, **said: str) -> None:
        self.stage = str((values or {}).get("stage", self.stage))
        super().__init__(reason, values=values, **said)


class PublishError(MachineError, stage="persist"):
    """A version could not be written and published."""


class IntegrityError(CounterpoiseError, stage="verify"):
    """Published files differ from what their manifest certifies."""


class StorageError(CounterpoiseError, stage="storage", exit_code=2):
    """An object store refused: its bucket, permissions or settings are not sufficient."""


class StorageUnavailableError(StorageError, exit_code=1):
    """An object store cannot be reached or fails; retrying may succeed."""


class MissingObjectError(StorageError, FileNotFoundError):
    """An expected object is missing; callers can also catch it as a missing file."""


class VersionNotFoundError(CounterpoiseError, stage="versions", exit_code=2):
    """There is no published version at that address."""
