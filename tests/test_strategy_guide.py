"""docs/add-a-strategy.md, followed in a copy of the project, adds a strategy that the battery finds."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from counterpoise.resample import draft_plan
from counterpoise.strategies import STRATEGIES
from counterpoise.strategies._kinds import Cleaner
from counterpoise.strategies._registry import load_strategy
from counterpoise.strategies._strategy import Options
from tests.guides import changed_files, copy_project, follow, passed_of, run
from tests.resample.test_battery import unknown_options
from tests.test_documents import ROOT

pytestmark = pytest.mark.slow

GUIDE = "docs/add-a-strategy.md"
MODULE = "counterpoise/strategies/_members/even_under.py"
REGISTRY = "counterpoise/strategies/_registry.py"
CHECKS = 12
"""The battery had 20 for the strategy when this was written: far fewer would mean that it has not been found."""


@pytest.fixture
def guided(tmp_path: Path) -> Path:
    """A copy of the project with the changes of the guide."""
    copy = copy_project(tmp_path)
    follow(GUIDE, copy)
    return copy


def test_the_guide_adds_a_strategy_that_passes_the_battery(guided: Path) -> None:
    assert passed_of(GUIDE, guided) > CHECKS


def test_the_guide_touches_one_module_one_line_of_the_registry_and_the_docs(guided: Path) -> None:
    assert changed_files(guided) == {MODULE, REGISTRY, "docs/strategies.md"}
    before, after = ((root / REGISTRY).read_text().splitlines() for root in (ROOT, guided))
    assert [line for line in after if line not in before] == ['    "even_under",']
    assert len(after) == len(before) + 1


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ('    remark="drops rows evenly",\n', "", "missing 1 required keyword-only argument: 'remark'"),
        ("    chance=False,\n", "", "missing 1 required keyword-only argument: 'chance'"),
        ('family="under"', 'family="sideways"', "strategy 'even_under': 'sideways' is none of none, over, under"),
        ('name="even_under"', 'name="random_under"', "even_under defines the strategy 'random_under'"),
        ('label="even under-sampling"', 'label="NearMiss"', "two strategies have the label 'NearMiss'"),
        ("def select(", "def choose(", "abstract method '?select"),
        ("STRATEGY = _", "STRATEGIE = _", "even_under defines no STRATEGY"),
    ],
)
def test_a_strategy_with_a_wrong_fact_is_refused_on_import(guided: Path, right: str, wrong: str, told: str) -> None:
    text = (guided / MODULE).read_text()
    assert text.count(right) == 1
    (guided / MODULE).write_text(text.replace(right, wrong))
    done = run(guided, "-c", "from counterpoise.config import BalanceConfig")
    assert done.returncode != 0
    assert re.search(told, done.stderr), done.stderr


def test_a_name_in_the_registry_without_a_module_is_refused() -> None:
    with pytest.raises(ImportError, match="even_under"):
        load_strategy("even_under")


def test_a_strategy_that_looks_at_features_needs_its_costs() -> None:
    with pytest.raises(TypeError, match="costs"):
        Cleaner(name="cleaner", label="a cleaner", sampler="TomekLinks", chance=False)  # type: ignore[call-arg]


def test_an_option_that_the_sampler_does_not_take_is_found() -> None:
    class Wrong(Options):
        neighbours: int = 3

    assert unknown_options(replace(STRATEGIES["tomek_links"], options=Wrong)) == {"neighbours"}


def test_a_strategy_of_no_kind_that_resamples_is_refused_and_changes_nothing_in_silence() -> None:
    job: Any = SimpleNamespace(strategy=STRATEGIES["auto"], train=SimpleNamespace(rows=range(3)))
    with pytest.raises(TypeError, match="'auto' has no kind that resamples"):
        draft_plan(job)
