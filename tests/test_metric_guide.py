"""docs/add-a-metric.md, followed in a copy of the project, adds a metric that the battery finds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.guides import copy_project, follow, passed_of, run
from tests.test_documents import blocks

pytestmark = pytest.mark.slow

GUIDE = "docs/add-a-metric.md"
CHECKS = 11
"""The battery has 11 for the metric: fewer would mean that it is not found everywhere."""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return copy_project(tmp_path)


def test_the_guide_touches_one_module_and_one_line_of_the_registry() -> None:
    module, registry = blocks("diff", GUIDE)
    assert module.startswith("+++ counterpoise/metrics/_of_decisions.py\n")
    assert registry.startswith("+++ counterpoise/metrics/_registry.py\n")
    assert len(re.findall(r"^[+-] ", registry, flags=re.MULTILINE)) == 1


def test_the_guide_adds_a_metric_that_passes_the_battery(copy: Path) -> None:
    follow(GUIDE, copy)
    assert passed_of(GUIDE, copy) >= CHECKS


@pytest.mark.parametrize("fact", ["least", "most", "better"])
def test_a_metric_without_a_fact_fails_at_import(fact: str, copy: Path) -> None:
    follow(GUIDE, copy, without=rf"^\+ +{fact}=.*\n")
    done = run(copy, "-c", "from counterpoise.config import BalanceConfig")
    assert done.returncode != 0
    assert f"missing 1 required keyword-only argument: '{fact}'" in done.stderr
