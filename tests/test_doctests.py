"""The examples in docstrings say what is so."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

from counterpoise.validate import load_engine

ROOT = Path(__file__).parents[1]
PACKAGES = ("counterpoise", "expectations", "flows", "tasks")
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removeprefix("counterpoise.")
    for package in PACKAGES
    for path in (ROOT / package).rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_run(name: str) -> None:
    load_engine()  # warns of what it imports
    done = doctest.testmod(importlib.import_module(f"counterpoise.{name}"))
    assert done.attempted
    assert not done.failed
