"""Guides that show changes as diffs, followed in a copy of the project."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.test_documents import ROOT, blocks

COPIED = ("counterpoise", "expectations", "flows", "tasks", "tests", "docs", "tools")


def copy_project(folder: Path) -> Path:
    """Copy the project's code, tests and documents, so that they may be changed."""
    for name in COPIED:
        ignored = shutil.ignore_patterns("__pycache__", "images")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored, symlinks=True)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def follow(guide: str, copy: Path, *, without: str = "") -> None:
    """Make all changes that a guide shows.

    Args:
        guide: The guide.
        copy: The copy to change.
        without: A regular expression of lines to leave out of the changes; none by default.
    """
    for change in blocks("diff", guide):
        _apply(re.sub(without, "", change, flags=re.MULTILINE) if without else change, copy)


def passed_of(guide: str, copy: Path, *more: str) -> int:
    """Run the one command of a guide, which runs tests, and return how many passed; none may fail.

    Args:
        guide: The guide.
        copy: The copy in which it was followed.
        more: Further tests to run along with those of the guide.
    """
    (command,) = blocks("sh", guide)
    done = run(copy, *command.split()[1:], *more, "-q", "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    (passed,) = re.findall(r"(\d+) passed", done.stdout)
    return int(passed)


def run(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python on the copy."""
    environment = {**os.environ, "PYTHONPATH": str(copy)}
    return subprocess.run(
        [sys.executable, *arguments], cwd=copy, env=environment, capture_output=True, text=True, check=False
    )


def changed_files(copy: Path) -> set[str]:
    """Return the files of the copy that differ from the project's, and new ones."""
    files = [path for name in COPIED for path in (copy / name).rglob("*") if path.is_file()]
    names = {str(path.relative_to(copy)) for path in files if "__pycache__" not in path.parts}
    return {
        name for name in names if not (ROOT / name).exists() or (ROOT / name).read_bytes() != (copy / name).read_bytes()
    }


def _apply(change: str, copy: Path) -> None:
    """Make a change that is shown as a diff without line numbers: the file has its old lines once, or is new."""
    head, *lines = change.splitlines()
    path = copy / head.removeprefix("+++ ")
    old, new = ([line[1:] for line in lines if line.startswith(signs)] for signs in ((" ", "-"), (" ", "+")))
    if not old:
        assert not path.exists(), f"{path} is there already"
        path.write_text("\n".join([*new, ""]))
        return
    text = path.read_text()
    assert text.count("\n".join(old)) == 1, f"{old} in {path}"
    path.write_text(text.replace("\n".join(old), "\n".join(new)))
