"""Every real table goes through `init` and `run` untouched by hand; one has too few rows of a class for anything."""

from __future__ import annotations

from pathlib import Path

import pyarrow.compute as pc
import pytest

from counterpoise.config import BalanceConfig, load_config
from counterpoise.errors import CounterpoiseError
from counterpoise.flows.balance import balance
from counterpoise.flows.first_files import source_settings, write_first_files
from counterpoise.verify._version import verify_version
from counterpoise.versions import open_version
from tests.catalog import RealTable, table_parameters

pytestmark = pytest.mark.slow

TOO_FEW = "creditcard_head"  # two frauds
EVALUATED_UP_TO = 12_500


@pytest.mark.parametrize("table", table_parameters())
def test_a_real_table_is_published_and_verified_or_refused_for_its_only_rare_class(
    table: RealTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    files = write_first_files(source_settings(str(table.path)), target=table.target, name=table.name, out=tmp_path)
    evaluated = f"evaluation.enabled={str(table.rows <= EVALUATED_UP_TO).lower()}"
    config = load_config(
        files.settings, [evaluated, "evaluation.bootstrap=50", "evaluation.learners=[logistic_regression]"]
    )
    if table.name == TOO_FEW:
        check_refusal(table, config)
        return
    version = balance(config)
    assert verify_version("datasets", table.name, version.version) == []
    check_row_balance(table)
    if config.evaluation.enabled:
        report = tmp_path / "datasets" / table.name / "evaluations" / "00000001" / "report.html"
        assert "</html>" in report.read_text()


def check_refusal(table: RealTable, config: BalanceConfig) -> None:
    with pytest.raises(CounterpoiseError, match="rows") as caught:
        balance(config)
    assert caught.value.exit_code == 2
    assert "'1.0' (2 rows" in str(caught.value)
    assert not (Path("datasets") / table.name / "versions").exists()
    assert list((Path("datasets") / table.name / "rejected").glob("*/reason.json"))


def check_row_balance(table: RealTable) -> None:
    """Row for row: rows in = original rows published + dropped by resampling + rejected."""
    version = open_version(f"datasets/{table.name}")
    origins = [version.to_arrow(f"keys/{name}")["origin"] for name in ("train", "validation", "test")]
    original = sum(pc.sum(pc.equal(origin, "original")).as_py() for origin in origins)
    assert original + version.record.dropped + version.record.rejected == table.rows
