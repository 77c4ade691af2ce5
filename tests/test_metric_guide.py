"""docs/add-a-metric.md, followed in a copy of the project, adds a metric that the battery finds."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_documents import ROOT, blocks

GUIDE = "docs/add-a-metric.md"
CHECKS = 11
"""The battery has 11 for the metric: fewer would mean that it is not found everywhere."""
PACKAGES = ("counterpoise", "expectations", "flows", "tasks")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the project whose library and `tests` may be changed."""
    ignored = shutil.ignore_patterns("__pycache__")
    for name in (*PACKAGES, "tests"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored, symlinks=True)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def apply(change: str, folder: Path) -> None:
    """Make a change that is shown as a diff without line numbers: its old lines must stand in the file once."""
    head, *lines = change.splitlines()
    path = folder / head.removeprefix("+++ ")
    old, new = ([line[1:] for line in lines if line.startswith(signs)] for signs in ((" ", "-"), (" ", "+")))
    text = path.read_text()
    assert text.count("\n".join(old)) == 1, f"{old} in {path}"
    path.write_text(text.replace("\n".join(old), "\n".join(new)))


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_the_guide_touches_one_module_and_one_line_of_the_registry() -> None:
    module, registry = blocks("diff", GUIDE)
    assert module.startswith("+++ counterpoise/metrics/_of_decisions.py\n")
    assert registry.startswith("+++ counterpoise/metrics/_registry.py\n")
    assert len(re.findall(r"^[+-] ", registry, flags=re.MULTILINE)) == 1


def test_the_guide_adds_a_metric_that_passes_the_battery(copy: Path) -> None:
    for change in blocks("diff", GUIDE):
        apply(change, copy)
    (command,) = blocks("sh", GUIDE)
    done = run(copy, *command.split()[1:], "-q", "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    (passed,) = re.findall(r"(\d+) passed", done.stdout)
    assert int(passed) >= CHECKS


@pytest.mark.parametrize("fact", ["least", "most", "better"])
def test_a_metric_without_a_fact_fails_at_import(fact: str, copy: Path) -> None:
    for change in blocks("diff", GUIDE):
        apply(re.sub(rf"^\+ +{fact}=.*\n", "", change, count=1, flags=re.MULTILINE), copy)
    done = run(copy, "-c", "from counterpoise.config import BalanceConfig")
    assert done.returncode != 0
    assert f"missing 1 required keyword-only argument: '{fact}'" in done.stderr
