from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from counterpoise.config import BalanceConfig
from counterpoise.errors import ConfigError, VersionNotFoundError
from counterpoise.evaluate import find_evaluation
from counterpoise.flows.balance import balance
from counterpoise.flows.command_line import run_command
from counterpoise.persist import DatasetFolder
from counterpoise.versions import open_version
from counterpoise.versions._promotion.promotions import list_promotions
from tests.flows.tables import configured, write_table
from tests.tasks.stored import stored_event

CHANGED = {"drift": "report", "schema_changes": "evolve"}


def promoting(folder: Path, *overrides: str, rule: str = "not_worse", **sections: Any) -> BalanceConfig:
    evaluation = {"learners": ["logistic_regression"], "bootstrap": 200}
    settings = {"promotion": {"rule": rule}, "validation": CHANGED, "evaluation": evaluation}
    return configured(folder, *overrides, **{**settings, **sections})


def shuffle_labels(path: Path) -> None:
    """Give the labels of the table to other rows: nothing is left to learn."""
    header, *lines = path.read_text().splitlines()
    rows = [line.rpartition(",") for line in lines]
    labels = [label for _, _, label in rows]
    np.random.default_rng(0).shuffle(labels)
    shuffled = [f"{features},{label}" for (features, _, _), label in zip(rows, labels, strict=True)]
    path.write_text("\n".join([header, *shuffled]) + "\n")


def promoted(config: BalanceConfig) -> list[int]:
    return [one.version for one in list_promotions(DatasetFolder(config.output.root, config.name))]


def test_a_worse_version_is_published_but_not_promoted(tmp_path: Path) -> None:
    table = write_table(tmp_path, rows=2_000)
    config = promoting(tmp_path, name="ranked")
    first = balance(config)
    assert first.version == 1
    assert stored_event("counterpoise.dataset.published", "ranked")["payload"]["version"] == 1
    event = stored_event("counterpoise.dataset.promoted", "ranked")["payload"]
    assert (event["version"], event["rule"]) == (1, "not_worse")
    assert event["numbers"]["low"] > event["numbers"]["bar"]
    shuffle_labels(table)
    second = balance(config)
    assert second.version == 2
    assert open_version(tmp_path / "datasets/ranked@promoted").number == 1
    assert promoted(config) == [1]
    report = find_evaluation(second)
    assert report is not None
    previous = json.loads(Path(report.metrics).read_text())["previous"]
    assert previous["version"] == 1
    assert previous["metrics"]["arms"][0]["metrics"][0]["difference"] < 0
    assert "Since version 1" in Path(report.html).read_text()


def test_the_same_configuration_again_does_not_promote_twice(tmp_path: Path) -> None:
    config = promoting(tmp_path, rule="always")
    for _ in range(2):
        balance(config)
    assert promoted(config) == [1]


def test_a_rule_that_is_set_later_promotes_the_version_that_is_there(tmp_path: Path) -> None:
    balance(promoting(tmp_path, rule="never"))
    with pytest.raises(VersionNotFoundError, match="none_promoted"):
        open_version(tmp_path / "datasets/tested@promoted")
    config = promoting(tmp_path, rule="always")
    version = balance(config)
    assert (version.version, version.created) == (1, False)
    assert promoted(config) == [1]


def test_a_learner_that_is_not_compared_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"promotion\.learner 'random_forest' is not one of evaluation\.learners"):
        promoting(tmp_path, promotion={"rule": "not_worse", "learner": "random_forest"})


@pytest.fixture(name="two_versions")
def _two_versions(tmp_path: Path) -> Path:
    for seed in (0, 1):
        balance(configured(tmp_path, "evaluation.enabled=false", f"seed={seed}"))
    return tmp_path / "datasets"


def test_a_version_is_promoted_by_hand_and_every_command_knows_it(
    two_versions: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["show", f"{two_versions}/tested@promoted"]) == 2
    assert "none of them promoted" in capfd.readouterr().err
    assert run_command(["promote", f"{two_versions}/tested@1"]) == 0
    assert "tested version 1: promoted, by hand" in capfd.readouterr().out
    assert run_command(["promote", f"{two_versions}/tested@promoted"]) == 0
    assert "nothing to do, it is promoted already" in capfd.readouterr().out
    assert run_command(["show", f"{two_versions}/tested@promoted"]) == 0
    shown = capfd.readouterr().out
    assert "tested version 1" in shown
    assert "(by_hand): by hand" in shown
    assert run_command(["show", f"{two_versions}/tested"]) == 0
    assert "promoted     no, version 1 is" in capfd.readouterr().out
    assert run_command(["verify", f"{two_versions}/tested@promoted"]) == 0
    assert "tested version 1: files, facts of the manifest" in capfd.readouterr().out
    assert (
        run_command(["rebuild", f"{two_versions}/tested@promoted", "--source", str(two_versions.parent / "table.csv")])
        == 0
    )
    assert "tested version 1" in capfd.readouterr().out


def test_the_list_of_versions_marks_the_promoted_one(two_versions: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run_command(["promote", f"{two_versions}/tested@1"])
    capfd.readouterr()
    assert run_command(["versions", str(two_versions), "--json"]) == 0
    listed = json.loads(capfd.readouterr().out)["versions"]
    assert [(version["version"], version["promoted"]) for version in listed] == [(1, True), (2, False)]
    assert run_command(["versions", str(two_versions)]) == 0
    assert [line.rstrip().endswith("✓") for line in capfd.readouterr().out.splitlines()] == [False, True, False]


def test_a_promotion_cut_in_half_is_told_on_the_command_line(
    two_versions: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run_command(["promote", f"{two_versions}/tested@1"])
    (two_versions / "tested/promotions/00000001.json").write_text("{")
    assert run_command(["show", f"{two_versions}/tested@promoted"]) == 1
    assert "unreadable_file" in capfd.readouterr().err
