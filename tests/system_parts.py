"""Parts of the system that some tests need: skipped where missing, unless they are required."""

from __future__ import annotations

import os

import pytest

REQUIRE = "COUNTERPOISE_REQUIRE_SYSTEM_PARTS"


def skip_unless(there: bool, part: str) -> None:
    """Skip the test where a part of the system is missing; fail it where the environment says that all are there."""
    if there:
        return
    if os.environ.get(REQUIRE) == "1":
        pytest.fail(f"{part} is missing, although {REQUIRE}=1 says that it is there")
    pytest.skip(f"{part} is missing")
