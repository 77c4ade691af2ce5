"""What is shown before anything is published: `validate`, `run --dry-run`, `schema`, and names that `init` finds."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml
from prefect.settings import PREFECT_API_URL, temporary_settings

from counterpoise import __version__
from counterpoise.config import SourceConfig
from counterpoise.errors import ConfigError
from counterpoise.flows import console
from counterpoise.flows.command_line import main, run_command
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


def test_a_dry_run_sets_the_rows_apart_that_the_run_sets_apart(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    config = write_config(tmp_path, "evaluation.enabled=false")
    table = tmp_path / "table.csv"
    lines = table.read_text().splitlines()
    unlabelled = [line.rpartition(",")[0] + "," for line in lines[1:8]]
    table.write_text("\n".join([lines[0], *unlabelled, *lines[8:], "broken"]) + "\n")
    rejected = []
    for options in (["--dry-run"], []):
        assert run_command(["run", config, "--json", *options]) == 0
        rejected.append(json.loads(capfd.readouterr().out)["rejected"])
    assert run_command(["validate", config, "--json"]) == 0
    rejected.append(json.loads(capfd.readouterr().out)["rejected"])
    assert rejected == [8, 8, 8]


def test_a_dry_run_tells_weights_where_rows_are_weighted(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_command(["run", write_config(tmp_path), "--dry-run", "--set", "resampling.strategy=weights"]) == 0
    assert "resampling weights, weighted to no " in capfd.readouterr().out


def test_blocks_are_asked_of_a_server_that_answers(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    config = write_config(tmp_path)
    block = ["--set", "source.path=s3://bucket/t.csv", "--set", "source.credentials_block=secret/mine"]
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        assert run_command(["validate", config, *block]) == 1
    assert "engine: prefect_does_not_answer" in capfd.readouterr().err


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


def test_quiet_leaves_warnings_and_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    config = write_config(tmp_path)
    table = tmp_path / "table.csv"
    header, *lines = table.read_text().splitlines()
    table.write_text("\n".join([header + ",same", *(f"{line},1" for line in lines)]) + "\n")
    monkeypatch.setattr(sys, "argv", ["counterpoise", "--quiet", "validate", config])
    with pytest.raises(SystemExit, match="0"):
        main()
    out, err = capfd.readouterr()
    assert "tested: 600 rows, " in out
    (warning,) = err.splitlines()
    assert warning.startswith("  validate: same: it has one value in all rows")


def test_the_demo_is_quiet_if_it_is_asked_to(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with console.quietly():
        assert run_command(["demo", "--out", str(tmp_path / "demo"), "--rows", "2000"]) == 0
    out, err = capfd.readouterr()
    assert "published version 1" in out
    assert "generated" not in err
    assert "ingest:" not in err


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
