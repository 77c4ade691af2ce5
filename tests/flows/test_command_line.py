from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from counterpoise.config import load_config
from counterpoise.flows import command_line
from counterpoise.flows.command_line import run_command
from counterpoise.versions import open_version
from tests.flows.tables import configured, write_table
from tests.limits import file_size_limit

pytestmark = pytest.mark.slow


def write_config(folder: Path, *overrides: str) -> Path:
    path = folder / "tested.yaml"
    path.write_text(yaml.safe_dump(configured(folder, *overrides).published()))
    return path


@pytest.fixture(name="published", scope="module")
def _published(tmp_path_factory: pytest.TempPathFactory, prefect_server: None) -> Path:
    """Publish one version and return the root of its dataset."""
    folder = tmp_path_factory.mktemp("published")
    assert run_command(["run", str(write_config(folder))]) == 0
    return folder / "datasets"


def test_run_prints_one_json_object_and_nothing_else(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_command(["run", str(write_config(tmp_path)), "--set", "split.test_size=0.3", "--json"]) == 0
    out, err = capfd.readouterr()
    told = json.loads(out)
    assert list(told) == [
        "dataset", "version", "manifest", "report", "partitions", "rejected", "dropped", "seconds"
    ]  # fmt: skip
    assert (told["dataset"], told["version"], told["rejected"], told["dropped"]) == ("tested", 1, 0, 0)
    assert json.loads(Path(told["manifest"]).read_text())["version"] == 1
    assert Path(told["report"]).exists()
    assert list(told["partitions"]) == ["train", "validation", "test"]
    assert told["partitions"]["test"]["rows"] == sum(told["partitions"]["test"]["classes"].values())
    assert told["partitions"]["test"]["rows"] == pytest.approx(180, abs=2)
    assert told["seconds"] > 0
    for stage in ("ingest", "validate", "split", "resample", "persist", "evaluate"):
        assert f"  {stage}: " in err


def test_run_without_evaluation_names_no_report(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_command(["run", str(write_config(tmp_path, "evaluation.enabled=false")), "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["report"] is None


def test_run_again_says_that_nothing_has_changed(published: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_command(["run", str(published.parent / "tested.yaml")]) == 0
    out, err = capfd.readouterr()
    assert "unchanged since version 1" in out
    assert "report.html" in out
    assert "unchanged: version 1 of tested" in err


def test_a_wrong_configuration_ends_with_2_and_says_what_is_allowed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["run", str(write_config(tmp_path)), "--set", "split.tset_size=1", "--json"]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert "did you mean test_size?" in err
    assert "Traceback" not in err


def test_a_refused_table_ends_with_2_without_a_traceback(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    config = write_config(tmp_path)
    (tmp_path / "table.csv").write_text("id,x,y,label\n")
    assert run_command(["run", str(config), "--json"]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert "what to do" in err
    assert not (tmp_path / "datasets/tested/versions").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "nothing.yaml"],
        ["run"],
        ["no-such-command"],
        ["sample", "iris", "--out", "x.csv"],
        ["versions", "nothing"],
        ["show", "nothing/there"],
        ["show", "nothing/there@x"],
        ["verify", "nothing/there@1"],
        ["init", "nothing.csv", "--target", "y", "--name", "x"],
        ["init", "nothing.csv", "--target", "y", "--name", "../x"],
        ["init", "sqlite://", "--target", "y", "--name", "x"],
        ["init", "table.csv", "--table", "t", "--target", "y", "--name", "x"],
    ],
)
def test_bad_input_ends_with_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_command(arguments) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("debug", [False, True])
def test_a_failure_of_ours_ends_with_1_and_a_traceback_only_when_debugging(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], debug: bool
) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError("postgresql://ann:pa55@db is down")

    monkeypatch.setattr("counterpoise.versions.open_version", broken)
    assert run_command(["show", "a/b"], debug=debug) == 1
    err = capfd.readouterr().err
    assert "failed: ZeroDivisionError: postgresql://ann:***@db is down" in err
    assert ("Traceback" in err) is debug
    assert "pa55" not in err


def test_versions_lists_a_root_and_a_dataset(published: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for address in (published, published / "tested"):
        assert run_command(["versions", str(address)]) == 0
        assert "tested" in capfd.readouterr().out
        assert run_command(["versions", str(address), "--json"]) == 0
        (version,) = json.loads(capfd.readouterr().out)["versions"]
        assert version["version"] == 1


def test_show_tells_the_facts_of_a_version(published: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_command(["show", f"{published}/tested@1"]) == 0
    shown = capfd.readouterr().out
    assert "tested version 1" in shown
    assert "holds" in shown
    assert "report.html" in shown
    assert run_command(["show", f"{published}/tested", "--json"]) == 0
    assert json.loads(capfd.readouterr().out) == open_version(f"{published}/tested").manifest.as_json()


def test_verify_passes_what_was_published(published: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_command(["verify", f"{published}/tested"]) == 0
    assert "hold" in capfd.readouterr().out


def test_verify_ends_with_1_and_the_difference_where_a_bit_was_flipped(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["run", str(write_config(tmp_path, "evaluation.enabled=false"))]) == 0
    (part,) = open_version(tmp_path / "datasets/tested").path("test").glob("*.parquet")
    content = bytearray(part.read_bytes())
    content[len(content) // 2] ^= 1
    part.write_bytes(content)
    capfd.readouterr()
    assert run_command(["verify", f"{tmp_path}/datasets/tested@1"]) == 1
    assert "SHA-256" in capfd.readouterr().out


@pytest.mark.parametrize(("kind", "rows"), [("toy", 200), ("fraud", 2_000)])
def test_sample_writes_the_same_table_for_the_same_seed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], kind: str, rows: int
) -> None:
    contents = []
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        out = tmp_path / f"{name}.csv"
        assert run_command(["sample", kind, "--rows", str(rows), "--out", str(out), "--seed", seed]) == 0
        contents.append(out.read_bytes())
    assert contents[0] == contents[1]
    assert contents[0] != contents[2]
    assert str(tmp_path / "a.csv") in capfd.readouterr().out


def test_what_init_writes_can_be_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_table(tmp_path)
    assert run_command(["init", "table.csv", "--target", "label", "--name", "first"]) == 0
    assert capfd.readouterr().out.split() == ["first.yaml", "first.suite.json"]
    config = load_config(tmp_path / "first.yaml")
    assert (config.name, config.columns.target, config.validation.suite) == ("first", "label", "first.suite.json")
    assert run_command(["run", "first.yaml", "--set", "evaluation.enabled=false", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["dataset"] == "first"


def test_init_takes_a_target_by_index_where_there_is_no_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [f"{n * 0.37 % 5:.2f},{n % 7},{'yes' if n % 5 == 0 else 'no'}" for n in range(300)]
    Path("bare.csv").write_text("\n".join(rows) + "\n")
    assert run_command(["init", "bare.csv", "--target", "2", "--name", "bare"]) == 0
    assert load_config(Path("bare.yaml")).columns.target == "column_2"


def test_init_overwrites_only_when_told_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_table(tmp_path)
    Path("first.yaml").write_text("mine")
    arguments = ["init", "table.csv", "--target", "label", "--name", "first"]
    assert run_command(arguments) == 2
    assert "--force" in capfd.readouterr().err
    assert Path("first.yaml").read_text() == "mine"
    assert run_command([*arguments, "--force"]) == 0
    assert load_config(Path("first.yaml")).name == "first"


def test_init_that_cannot_write_its_files_leaves_none_and_works_once_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names = [f"c{number}" for number in range(60)]
    rows = [",".join(str(row * 7 % 31) for _ in names) + f",{row % 5 == 0}" for row in range(50)]
    Path("wide.csv").write_text("\n".join([",".join([*names, "label"]), *rows]))
    init = ["init", "wide.csv", "--target", "label", "--name", "wide"]
    with file_size_limit(30_000):
        assert run_command(init) == 1
    assert "init: file_too_large" in (said := capfd.readouterr().err)
    assert "wide.suite.json" in said
    assert [path.name for path in tmp_path.iterdir()] == ["wide.csv"]
    assert run_command(init) == 0


def test_the_command_itself_ends_with_its_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[list[str], bool]] = []
    monkeypatch.setattr(sys, "argv", ["counterpoise", "show", "a/b", "--debug"])
    monkeypatch.setattr(command_line, "set_defaults", lambda **_: None)

    def remember(arguments: list[str], *, debug: bool) -> int:
        seen.append((arguments, debug))
        return 3

    monkeypatch.setattr(command_line, "run_command", remember)
    with pytest.raises(SystemExit, match="3"):
        command_line.main()
    assert seen == [(["show", "a/b"], True)]


def test_the_demo_shows_where_the_report_is_and_leaves_the_users_prefect_alone(tmp_path: Path) -> None:
    others = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    unreachable = "http://127.0.0.1:9/api"
    environment = {**others, "PREFECT_HOME": str(tmp_path / "mine"), "PREFECT_API_URL": unreachable}
    program = "from counterpoise.flows.command_line import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "demo", "--rows", "3000", "--out", "demo"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "report   demo/datasets/fraud/evaluations/00000001/report.html" in done.stdout
    assert "verdict" in done.stdout
    assert "advised strategy none: " in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "demo/datasets/fraud/evaluations/00000001/report.html").exists()
    assert not (tmp_path / "mine").exists()
