"""The snippets of docs/pipelines.md work, one after the other, and nothing warns."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.test_documents import blocks


@pytest.mark.slow
def test_the_snippets_of_the_guide_run_one_after_the_other(tmp_path: Path) -> None:
    shown = blocks("python", "docs/pipelines.md")
    without_torch = [block for block in shown if "import torch" not in block]
    assert len(shown) - len(without_torch) == 1
    code = "\n".join(without_torch if find_spec("torch") is None else shown)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], check=False, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert not done.stderr
