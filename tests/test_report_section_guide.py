"""docs/add-a-report-section.md, followed in a copy of the project, adds a section to page, navigation and brief."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_documents import ROOT, blocks

GUIDE = "docs/add-a-report-section.md"
PACKAGES = ("counterpoise", "expectations", "flows", "tasks")
TOUCHED = {
    "counterpoise/report/_registry.py",
    "counterpoise/report/_sections/column_types.py",
    "counterpoise/report/templates/column_types.html.j2",
    "tests/report/test_column_types.py",
}
PLACE = """
import re
from typing import Any

from counterpoise.report import render_html, render_markdown


def test_the_section_stands_between_its_neighbours(make_data: Any) -> None:
    html, brief = render_html(make_data()), render_markdown(make_data())
    for found in (re.findall(r'<a href="#([a-z-]+)"', html), re.findall(r'<section id="([a-z-]+)"', html)):
        place = found.index("column-types")
        assert found[place - 1 : place + 2] == ["source", "column-types", "validation"]
    assert '<h2 id="column-types-h">Column types</h2>' in html
    assert brief.index("rows in the source") < brief.index("Column types:") < brief.index("| class |")
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the project whose library and `tests` may be changed."""
    ignored = shutil.ignore_patterns("__pycache__")
    for name in (*PACKAGES, "tests"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored, symlinks=True)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def apply(change: str, folder: Path) -> str:
    """Make a change that is shown as a diff without line numbers; return the file that it touches.

    Its old lines stand in the file once; without old lines the file is new.
    """
    head, *lines = change.splitlines()
    name = head.removeprefix("+++ ")
    path = folder / name
    old, new = ("\n".join(line[1:] for line in lines if line.startswith(signs)) for signs in ((" ", "-"), (" ", "+")))
    if not old:
        assert not path.exists()
        path.write_text(new + "\n")
        return name
    text = path.read_text()
    assert text.count(old) == 1, f"{old} in {path}"
    path.write_text(text.replace(old, new))
    return name


def test_the_guide_adds_a_section_to_page_navigation_and_brief(copy: Path) -> None:
    assert {apply(change, copy) for change in blocks("diff", GUIDE)} == TOUCHED
    (copy / "tests/report/test_place.py").write_text(PLACE)
    (command,) = blocks("sh", GUIDE)
    arguments = [*command.split()[1:], "tests/report/test_place.py", "-q", "-p", "no:cacheprovider"]
    environment = {**os.environ, "PYTHONPATH": str(copy)}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=copy, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert re.search(r"\b2 passed", done.stdout)


def test_the_registry_gains_one_name_and_its_import() -> None:
    changes = [change for change in blocks("diff", GUIDE) if change.startswith("+++ counterpoise/report/_registry.py")]
    added = [line[1:].strip() for change in changes for line in change.splitlines()[1:] if line.startswith("+")]
    assert added == ["COLUMN_TYPES,", "from counterpoise.report._sections.column_types import COLUMN_TYPES"]
