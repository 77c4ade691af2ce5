"""Every real table goes through `init` and `run` untouched by hand; one has too few rows of a class for anything."""

from __future__ import annotations

from pathlib import Path

import pyarrow.compute as pc
import pytest

from counterpoise.compare._choice import choose
from counterpoise.config import BalanceConfig, load_config
from counterpoise.errors import CounterpoiseError
from counterpoise.flows.first_files import source_settings, write_first_files
from counterpoise.flows.local_run import run_flow
from counterpoise.flows.plain.balance import balance
from counterpoise.records import Snapshot, Validation
from counterpoise.tasks.validate import validate
from counterpoise.verify._version import verify_version
from counterpoise.versions import open_version
from tests.catalog import RealTable, table_parameters

pytestmark = pytest.mark.slow

TOO_FEW = "creditcard_head"  # two frauds
EVALUATED_UP_TO = 12_500
"""Rows up to which a table is evaluated; of larger ones the trial of strategies takes a smaller sample."""

UNOBTRUSIVE = "expect_table_column_to_be_unobtrusive"
LEAKS = dict.fromkeys(("TWF", "HDF", "PWF", "OSF"), "reveals_label")
HINTS = {
    "ai4i2020": {**LEAKS, "RNF": "other_target"},
    "kddcup": dict.fromkeys(("column_19", "column_20"), "constant_feature"),
    "oil_spill": {"column_22": "constant_feature"},
    "sick": {"TBG_measured": "constant_feature"},
}
IDS = {"ai4i2020": ("UDI", "Product ID"), "Telco_Customer_Churn": ("customerID",), "shuttle": ("shuttle",)}


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[Validation]:
    """The verdicts on the sources of the runs, in their order."""
    found = list[Validation]()

    def remember(config: BalanceConfig, snapshot: Snapshot, *, folder: Path) -> Validation:
        found.append(validate(config, snapshot, folder=folder))
        return found[-1]

    monkeypatch.setattr("counterpoise.flows.plain.balance.validate", remember)
    return found


@pytest.mark.parametrize("table", table_parameters())
def test_a_real_table_is_published_and_verified_or_refused_for_its_only_rare_class(
    table: RealTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, checked: list[Validation]
) -> None:
    monkeypatch.chdir(tmp_path)
    small = table.rows <= EVALUATED_UP_TO
    if not small:
        monkeypatch.setattr(choose, "_MOST_ROWS", 1_000)
        monkeypatch.setattr(choose, "_MOST_ROWS_OF_MANY", 1_000)
    files = write_first_files(source_settings(str(table.path)), target=table.target, name=table.name, out=tmp_path)
    overrides = [f"evaluation.enabled={small}", "evaluation.bootstrap=50", "evaluation.learners=[logistic_regression]"]
    config = load_config(files.settings, overrides)
    if table.name == TOO_FEW:
        check_refusal(table, config)
        assert "Too rare to be split: '1.0' (2 rows" in said_in(files.settings)
    else:
        version = run_flow(balance, config)
        assert verify_version("datasets", table.name, version.version) == []
        check_row_balance(table)
        report = tmp_path / "datasets" / table.name / "evaluations" / "00000001" / "report.html"
        assert not small or "</html>" in report.read_text()
    check_proposals(table, config, *checked)
    if table.name == "ai4i2020":
        told = said_in(files.settings)
        assert all(f"{name}: 1 indicates class '1'" in told for name in LEAKS)
        assert "RNF: perhaps another target of the study: it stands among others that do" in told


def said_in(settings: Path) -> str:
    """Return the comments of a configuration as one line."""
    lines = settings.read_text().splitlines()
    return " ".join(line.partition("#")[2].strip() for line in lines if "#" in line)


def check_refusal(table: RealTable, config: BalanceConfig) -> None:
    with pytest.raises(CounterpoiseError, match="rows") as caught:
        run_flow(balance, config)
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


def check_proposals(table: RealTable, config: BalanceConfig, validation: Validation) -> None:
    """The table meets what was proposed for it, but for what the contract warns of, and its identifiers are found."""
    assert config.columns.ids == IDS.get(table.name, ())
    assert config.columns.group == ""
    warned = {outcome.columns[0]: outcome.expectation for outcome in validation.outcomes if outcome.status != "passed"}
    hints = {name: f'{UNOBTRUSIVE}(found="{reason}")' for name, reason in HINTS.get(table.name, {}).items()}
    too_rare = {config.columns.target: "expect_column_class_rows_to_be_at_least(min_rows=3)"}
    assert warned == hints | (too_rare if min(table.classes.values()) < 3 else {})
    assert validation.rejected_rows == table.rows - sum(table.classes.values())  # those without a label
