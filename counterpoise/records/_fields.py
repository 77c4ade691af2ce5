"""Field types of stored files: bounded numbers and texts, digests, times."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, Field

_ROUNDING = 1e-9
"""Tolerance by which sums of many shares may leave their range."""


def _in_utc(text: str) -> str:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None or moment.utcoffset() != UTC.utcoffset(None):
        raise ValueError("not a time in UTC")
    return text


Count = Annotated[int, Field(ge=0, lt=2**63)]
VersionNumber = Annotated[int, Field(ge=1, lt=2**31)]
Number = Annotated[float, Field(allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=-_ROUNDING, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=-_ROUNDING, le=1 + _ROUNDING, allow_inf_nan=False)]

Name = Annotated[str, Field(max_length=100_000)]
"""The name of a column, a class or a learner. Classes are values of a column and may be long."""
Text = Annotated[str, Field(max_length=1_000_000)]
Moment = Annotated[str, Field(max_length=40), AfterValidator(_in_utc)]
"""A time, ISO 8601 in UTC."""
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Uuid = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
"""The unique name of the folder of one attempt to write."""
