"""docs/add-a-strategy.md, followed in a copy of the project, adds a strategy that the battery finds."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_documents import ROOT, blocks

pytestmark = pytest.mark.slow

GUIDE = "docs/add-a-strategy.md"
CHECKS = 12
"""The battery had 19 for the strategy when this was written: far fewer would mean that it has not been found."""
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


def test_the_guide_adds_a_strategy_that_passes_the_battery(copy: Path) -> None:
    for change in blocks("diff", GUIDE):
        apply(change, copy)
    (command,) = blocks("sh", GUIDE)
    arguments = command.split()[1:]
    environment = {**os.environ, "PYTHONPATH": str(copy)}
    quick = ["-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, *arguments, *quick], cwd=copy, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    (passed,) = re.findall(r"(\d+) passed", done.stdout)
    assert int(passed) > CHECKS
