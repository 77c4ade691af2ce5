"""What is shown before anything is published: `validate`, `run --dry-run`, `schema`, and names that `init` finds."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml

from counterpoise import __version__
from counterpoise.config import SourceConfig
from counterpoise.errors import ConfigError
from counterpoise.flows import console
from counterpoise.flows.command_line import run_command
from counterpoise.flows.first_files import name_of
from tests.flows.tables import configured

pytestmark = pytest.mark.slow
SMOTE = ("--set", "resampling.strategy=smote")


def write_config(folder: Path, *overrides: str) -> str:
    path = folder / "tested.yaml"
    path.write_text(yaml.safe_dump(configured(folder, *overrides).published()))
    return str(path)


def published(folder: Path) -> list[Path]:
    return [path for path in (folder / "datasets").rglob("*") if path.is_file()]


def test_a_dry_run_tells_the_partitions_that_the_run_then_publishes(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    config = write_config(tmp_path, "evaluation.enabled=false")
    assert run_command(["run", config, "--dry-run", "--json", *SMOTE]) == 0
    told = json.loads(capfd.readouterr().out)
    assert published(tmp_path) == []
    assert run_command(["run", config, "--json", *SMOTE]) == 0
    run = json.loads(capfd.readouterr().out)
    for name in ("validation", "test"):
        assert told["split"]["partitions"][name] == run["partitions"][name]["classes"]
    assert told["resampling"]["after"] == run["partitions"]["train"]["classes"]
    assert told["resampling"]["synthetic"] > 0


def test_a_dry_run_shows_train_before_and_after(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_command(["run", write_config(tmp_path), "--dry-run", *SMOTE]) == 0
    shown = [line.split() for line in capfd.readouterr().out.splitlines()]
    natural = next(words for words in shown if words[:1] == ["train"])
    resampled = next(words for words in shown if words[:2] == ["train,", "resampled"])
    assert int(resampled[2]) > int(natural[1])
    assert shown[-1][-3:] == ["nothing", "was", "published"]


def test_validate_checks_the_source_and_publishes_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    config = write_config(tmp_path)
    assert run_command(["validate", config]) == 0
    out = capfd.readouterr().out
    assert "tested: 600 rows, " in out
    assert "nothing was published" in out
    assert published(tmp_path) == []


def test_validate_ends_with_2_where_a_run_would_be_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    config = write_config(tmp_path)
    table = tmp_path / "table.csv"
    table.write_text(table.read_text().replace(",yes", ",no"))
    assert run_command(["validate", config]) == run_command(["run", config]) == 2
    first, second = capfd.readouterr().err.split("validate: ")[1:]
    assert first.splitlines()[:3] == second.splitlines()[:3]


def test_quiet_leaves_warnings_and_results(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with console.quietly():
        assert run_command(["validate", write_config(tmp_path)]) == 0
    out, err = capfd.readouterr()
    assert err == ""
    assert "tested: 600 rows, " in out


def test_the_version_is_shown(capfd: pytest.CaptureFixture[str]) -> None:
    assert run_command(["--version"]) == 0
    assert capfd.readouterr().out == f"counterpoise {__version__}\n"


def test_the_schema_accepts_what_runs_and_refuses_unknown_and_impossible_settings(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["schema"]) == 0
    schema = json.loads(capfd.readouterr().out)
    jsonschema.Draft202012Validator.check_schema(schema)
    check = jsonschema.Draft202012Validator(schema).is_valid
    settings = configured(tmp_path).published()
    assert check(settings)
    assert not check(settings | {"splitt": {}})
    assert not check(settings | {"split": {"test_size": 7}})
    assert not check({name: each for name, each in settings.items() if name != "columns"})


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ({"path": "data/bank-full.csv"}, "bank-full"),
        ({"path": "s3://bucket/day one/Größe 2024.csv.gz"}, "Groe-2024"),
        ({"path": "deliveries/2024/"}, "2024"),
        ({"path": "C:\\data\\fraud.csv"}, "fraud"),
        ({"url": "sqlite:///x.db", "table": "main.transactions"}, "transactions"),
    ],
)
def test_a_dataset_is_named_after_its_file_folder_or_table(place: dict[str, str], name: str) -> None:
    assert name_of(SourceConfig(**place)) == name


@pytest.mark.parametrize("place", [{"path": "in/*.csv"}, {"url": "sqlite:///x.db", "query": "select 1"}, {"path": "/"}])
def test_what_has_no_name_asks_for_one(place: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="dataset_without_name"):
        name_of(SourceConfig(**place))
