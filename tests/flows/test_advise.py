from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from counterpoise.flows.command_line import run_command
from tests.flows.tables import configured, write_table


def write_config(folder: Path, *overrides: str) -> Path:
    path = folder / "tested.yaml"
    path.write_text(yaml.safe_dump(configured(folder, *overrides).published()))
    return path


def test_advise_says_what_to_try_and_what_each_strategy_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run_command(["advise", str(write_config(tmp_path))]) == 0
    out, err = capfd.readouterr()
    assert err == ""
    assert "advice     resampling.strategy=none" in out
    assert "why        No strategy was better than no resampling beyond noise" in out
    assert "imbalance  moderate" in out
    assert "configured random_over: needs about" in out
    assert "repeated_edited_nearest_neighbours" in out
    assert "no: needs categories only" in out
    assert max(map(len, out.splitlines())) <= 80
    assert not (tmp_path / "datasets").exists()


def test_advise_prints_one_json_object(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    config = write_config(tmp_path)
    assert run_command(["advise", str(config), "--set", "resampling.memory_limit=100 MB", "--json"]) == 0
    told = json.loads(capfd.readouterr().out)
    assert told["degree"] == "moderate"
    assert told["memory_limit"] == 100_000_000
    assert not any(option["fits"] for option in told["strategies"])


def test_a_configured_strategy_that_cannot_run_or_fit_is_pointed_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    config = str(write_config(tmp_path))
    assert run_command(["advise", config, "--set", "resampling.strategy=smoten"]) == 0
    assert "smoten: cannot run, needs categories only" in capfd.readouterr().out
    assert run_command(["advise", config, "--set", "resampling.memory_limit=50 MB"]) == 0
    assert ", over the limit" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (["columns.target=lable"], "columns.target"),
        (["resampling.memory_limit=lots"], "memory_limit"),
        (["source.path=nothing.csv"], "nothing.csv"),
    ],
)
def test_what_is_wrong_ends_with_2_and_says_what_to_do(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], overrides: list[str], told: str
) -> None:
    arguments = [part for one in overrides for part in ("--set", one)]
    assert run_command(["advise", str(write_config(tmp_path)), *arguments]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert told in err
    assert "what to do" in err
    assert "Traceback" not in err


def test_advise_needs_no_prefect(tmp_path: Path) -> None:
    write_table(tmp_path)
    program = (
        "import sys; from counterpoise.flows.command_line import run_command; "
        f"assert run_command(['advise', {str(write_config(tmp_path))!r}]) == 0; sys.exit('prefect' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
