from __future__ import annotations

from pathlib import Path

import pytest

from counterpoise.config import SourceConfig
from tests.ingest.layouts import CASES, Case
from tests.ingest.reading import ingest


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_table_reads_back_as_it_was_written(case: Case, tmp_path: Path) -> None:
    source = SourceConfig(path=str(case.write(tmp_path)), **case.options)
    reading = ingest(source, tmp_path / "work", target=case.target)
    assert reading.table.to_pydict() == case.columns()
    assert reading.rejected == []
