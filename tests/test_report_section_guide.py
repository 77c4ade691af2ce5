"""docs/add-a-report-section.md, followed in a copy of the project, adds a section to page, navigation and brief."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.guides import changed_files, copy_project, follow, passed_of
from tests.test_documents import blocks

pytestmark = pytest.mark.slow

GUIDE = "docs/add-a-report-section.md"
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


def test_the_guide_adds_a_section_to_page_navigation_and_brief(tmp_path: Path) -> None:
    copy = copy_project(tmp_path)
    follow(GUIDE, copy)
    assert changed_files(copy) == TOUCHED
    (copy / "tests/report/test_place.py").write_text(PLACE)
    assert passed_of(GUIDE, copy, "tests/report/test_place.py") == 2


def test_the_registry_gains_one_name_and_its_import() -> None:
    changes = [change for change in blocks("diff", GUIDE) if change.startswith("+++ counterpoise/report/_registry.py")]
    added = [line[1:].strip() for change in changes for line in change.splitlines()[1:] if line.startswith("+")]
    assert added == ["COLUMN_TYPES,", "from counterpoise.report._sections.column_types import COLUMN_TYPES"]
