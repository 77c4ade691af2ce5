"""docs/add-a-source-format.md, followed in a copy of the project, adds a format that the battery finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.guides import changed_files, copy_project, follow, passed_of, run
from tests.test_documents import ROOT

GUIDE = "docs/add-a-source-format.md"
MODULE = "counterpoise/ingest/_formats/fixed_width.py"
REGISTRY = "counterpoise/config/_sections/source.py"
BATTERY = "tests/ingest/test_battery.py"
CHECKS = 25
"""The battery had 32 for the format when this was written: far fewer would mean that it has not been found."""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = copy_project(tmp_path_factory.mktemp("project"))
    follow(GUIDE, copy)
    return copy


@pytest.mark.slow
def test_the_guide_adds_a_format_that_passes_the_battery(copy: Path) -> None:
    assert passed_of(GUIDE, copy) > CHECKS


@pytest.mark.slow
def test_the_format_is_one_module_one_line_of_the_registry_and_its_documents(copy: Path) -> None:
    assert changed_files(copy) == {MODULE, REGISTRY, BATTERY}
    assert len((copy / REGISTRY).read_text().splitlines()) == len((ROOT / REGISTRY).read_text().splitlines()) + 1
    table = "import runpy; print(runpy.run_path('tools/make_reference.py')['render_formats']())"
    row = "| `fixed_width` | fixed-width text | `.fwf` | `encoding`, `missing_values`, `types` |"
    assert row in run(copy, "-c", table).stdout.splitlines()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ('suffixes=(".fwf",)', 'suffixes=(".fwf", ".csv")', "'delimited' and 'fixed_width' share .csv"),
        ('    options=frozenset({"encoding", "missing_values", "types"}),\n', "", "missing 1 required keyword-only"),
        ("FORMAT = SourceFormat(", "FORM = SourceFormat(", "has no attribute 'FORMAT'"),
    ],
)
def test_a_format_with_wrong_facts_stops_the_program(copy: Path, right: str, wrong: str, message: str) -> None:
    module = copy / MODULE
    text = module.read_text()
    assert right in text
    module.write_text(text.replace(right, wrong))
    try:
        done = run(copy, "-c", "from counterpoise.ingest import source_formats; source_formats()")
    finally:
        module.write_text(text)
    assert done.returncode != 0
    assert message in done.stderr
