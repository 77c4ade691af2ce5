"""docs/add-a-strategy.md, followed in a copy of the project, adds a strategy that the battery finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.guides import copy_project, follow, passed_of

pytestmark = pytest.mark.slow

GUIDE = "docs/add-a-strategy.md"
CHECKS = 12
"""The battery had 19 for the strategy when this was written: far fewer would mean that it has not been found."""


def test_the_guide_adds_a_strategy_that_passes_the_battery(tmp_path: Path) -> None:
    copy = copy_project(tmp_path)
    follow(GUIDE, copy)
    assert passed_of(GUIDE, copy) > CHECKS
