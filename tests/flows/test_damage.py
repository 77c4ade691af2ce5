"""Damaged and hostile files of a dataset, from the command line: each costs only itself, and is named."""

from __future__ import annotations

import json
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from counterpoise.flows.command_line import run_command
from tests.damage import rewrite
from tests.flows.tables import configured

FORMS = {"empty": b"", "half": None, "no JSON": b"\x00" * 10, "other JSON": b'{"verdict": "It helped."}'}


@pytest.fixture(name="made", scope="module")
def _made(tmp_path_factory: pytest.TempPathFactory, prefect_server: None) -> Path:
    """Publish two versions of one dataset, the first one promoted by the rule, and one of another."""
    folder = tmp_path_factory.mktemp("made")
    for name, seed in (("tested", 0), ("tested", 1), ("other", 0)):
        sections = {"name": name, "seed": seed, "promotion": {"rule": "always"}}
        path = folder / f"{name}-{seed}.yaml"
        path.write_text(yaml.safe_dump(configured(folder, **sections).published()))
        assert run_command(["run", str(path)]) == 0
    return folder


@pytest.fixture(name="folder")
def _folder(made: Path, tmp_path: Path) -> Path:
    """Return a copy of all of it, the configurations changed to it."""
    folder = tmp_path / "copy"
    shutil.copytree(made, folder)
    for path in folder.glob("*.yaml"):
        path.write_text(path.read_text().replace(str(made), str(folder)))
    return folder


def damage(path: Path, form: str) -> None:
    content = FORMS[form]
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2] if content is None else content)


@pytest.mark.parametrize("form", FORMS)
def test_show_and_an_unchanged_run_go_on_without_damaged_metrics_and_name_them(
    folder: Path, form: str, capfd: pytest.CaptureFixture[str]
) -> None:
    metrics = folder / "datasets/tested/evaluations/00000002/metrics.json"
    damage(metrics, form)
    assert run_command(["show", f"{folder}/datasets/tested"]) == 0
    out, err = capfd.readouterr()
    assert out.count("unknown, its file cannot be used") == 2, "report and verdict"
    assert str(metrics) in err
    assert run_command(["run", str(folder / "tested-1.yaml")]) == 0
    out, err = capfd.readouterr()
    assert "unchanged" in out
    assert f"the evaluation of version 2 is ignored: {metrics} cannot be used" in err.replace("\n", "")
    assert run_command(["show", f"{folder}/datasets/tested@1"]) == 0
    assert str(metrics) not in capfd.readouterr().err


def test_the_folder_of_a_damaged_evaluation_removed_a_run_evaluates_anew(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    metrics = folder / "datasets/tested/evaluations/00000002/metrics.json"
    before = json.loads(metrics.read_text())
    shutil.rmtree(metrics.parent)
    assert run_command(["run", str(folder / "tested-1.yaml")]) == 0
    assert "version 2" in capfd.readouterr().out
    after = json.loads(metrics.read_text())
    assert (after["arms"], after["verdict"]) == (before["arms"], before["verdict"])


def test_a_damaged_promotion_is_named_and_stops_only_who_asks_for_the_promoted_version(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    promotion = folder / "datasets/tested/promotions/00000002.json"
    damage(promotion, "half")
    assert run_command(["versions", str(folder / "datasets"), "--json"]) == 0
    out, err = capfd.readouterr()
    listed = [(one["dataset"], one["version"], one["promoted"]) for one in json.loads(out)["versions"]]
    assert listed == [("other", 1, True), ("tested", 1, False), ("tested", 2, False)]
    assert str(promotion) in err
    assert run_command(["show", f"{folder}/datasets/tested@1"]) == 0
    out, err = capfd.readouterr()
    assert "promoted     unknown, its file cannot be used" in out
    assert str(promotion) in err
    assert run_command(["run", str(folder / "tested-1.yaml")]) == 0
    assert f"version 2 not promoted: {promotion} cannot be used" in capfd.readouterr().err.replace("\n", "")
    assert run_command(["show", f"{folder}/datasets/tested@promoted"]) == 1
    assert str(promotion) in capfd.readouterr().err
    promotion.unlink()
    assert run_command(["show", f"{folder}/datasets/tested@promoted"]) == 0
    assert "tested version 1" in capfd.readouterr().out


def test_a_new_version_passes_over_a_damaged_evaluation_of_the_last_one(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    metrics = folder / "datasets/tested/evaluations/00000002/metrics.json"
    damage(metrics, "half")
    assert run_command(["run", str(folder / "tested-1.yaml"), "--set", "seed=2"]) == 0
    _, err = capfd.readouterr()
    assert f"not compared with version 2: {metrics} cannot be used" in err.replace("\n", "")
    assert "compared with version 1" in err
    record = json.loads((folder / "datasets/tested/evaluations/00000003/metrics.json").read_text())
    assert record["previous"]["version"] == 1


def test_monitor_takes_the_profile_before_where_the_newest_is_damaged(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    manifest = json.loads((folder / "datasets/tested/versions/00000002.json").read_text())
    profile = folder / "datasets/tested" / manifest["data"] / "profile.json"
    damage(profile, "half")
    assert run_command(["monitor", str(folder / "tested-1.yaml"), "--json"]) == 0
    out, err = capfd.readouterr()
    assert json.loads(out)["version"] == 1
    assert str(profile) in err


@contextmanager
def listening() -> Iterator[tuple[int, list[bytes]]]:
    """Listen on loopback; give the port and what is heard there."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hear() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.settimeout(1)
                    heard.append(connection.recv(65_536))

        listener = threading.Thread(target=hear, daemon=True)
        listener.start()
        try:
            yield server.getsockname()[1], heard
        finally:
            server.shutdown(socket.SHUT_RDWR)
            listener.join(timeout=10)


def test_no_environment_variable_leaves_for_a_hostile_version(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WANTED_SECRET", "hunter2-hunter2")
    dataset = folder / "datasets/tested"
    with listening() as (port, heard):
        url = f"postgresql://user:${{WANTED_SECRET}}@127.0.0.1:{port}/${{WANTED_SECRET}}"

        def point(config: dict[str, Any]) -> None:
            config["source"] |= {"url": url, "path": "", "table": "t"}
            config["output"]["root"] = f"s3://127.0.0.1:{port}/${{WANTED_SECRET}}"

        for path in dataset.glob("versions/*.json"):
            manifest = json.loads(path.read_text())
            point(manifest["config"])
            path.write_text(json.dumps(manifest))
        for path in dataset.glob("evaluations/*/metrics.json"):
            rewrite(path, lambda plain: point(plain["report"]["reproducibility"]["config"]))
        for path in dataset.glob("promotions/*.json"):
            rewrite(path, lambda plain: plain.update(reason=url))
        for command in (
            ["versions", str(folder / "datasets")],
            ["show", str(dataset)],
            ["show", f"{dataset}@promoted"],
            ["promote", f"{dataset}@1"],
            ["monitor", str(folder / "tested-1.yaml")],
            ["run", str(folder / "tested-1.yaml")],
        ):
            run_command(command)
    assert heard == []
    assert "hunter2" not in "".join(capfd.readouterr())
