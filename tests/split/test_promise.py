from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from counterpoise.config import ColumnsConfig, SplitConfig
from counterpoise.persist import DatasetFolder
from counterpoise.split._promise import SplitEvidence, SplitPromise
from counterpoise.table import row_hashes
from counterpoise.verify._version import verify_version
from counterpoise.versions import remove_train_if_recipe
from tests.manifests import forge
from tests.snapshots import EngineRun, run_engine

METHODS: dict[str, dict[str, Any]] = {
    "random": {},
    "grouped": {"group": "who"},
    "stable by ids": {"ids": ["id"]},
    "stable by features": {},
    "stable by group": {"group": "who"},
    "time": {"time": "at"},
}
PROMISED = {
    "grouped": {"partitions_disjoint_by_group"},
    "stable by ids": {"partitions_by_key"},
    "stable by features": {"partitions_by_key"},
    "stable by group": {"partitions_by_key", "partitions_disjoint_by_group"},
    "time": {"partitions_in_time_order"},
}


def table(rows: int = 1500) -> pa.Table:
    rng = np.random.default_rng(0)
    return pa.table(
        {
            "id": rng.permutation(rows),
            "who": pa.array(rng.integers(0, 400, rows), mask=rng.random(rows) < 0.2),
            "at": pa.array(rng.integers(0, 10**6, rows), pa.timestamp("s")),
            "x": rng.normal(size=rows),
            "label": (rng.random(rows) < 0.2).astype("i1"),
        }
    )


def published(folder: Path, name: str, **sections: Any) -> EngineRun:
    roles = METHODS[name]
    used = {*roles.get("ids", []), roles.get("group"), roles.get("time")}
    columns = {"target": "label", **roles, "drop": [name for name in ("id", "who", "at") if name not in used]}
    split = {"method": name.partition(" ")[0]} | ({"gap": "2 hours"} if name == "time" else {})
    return run_engine(table(), folder, columns=columns, split=split, **sections)


def manifest_of(run: EngineRun) -> Path:
    return Path(run.version.root, run.version.dataset, run.version.manifest)


@pytest.mark.parametrize("strategy", ["none", "random_under", "smote"])
@pytest.mark.parametrize("name", METHODS)
def test_the_certificate_says_what_the_method_promised_and_verify_finds_it_in_the_files(
    tmp_path: Path, name: str, strategy: str
) -> None:
    run = published(tmp_path, name, resampling={"strategy": strategy})
    checks = json.loads(manifest_of(run).read_text())["certificate"]["checks"]
    own = {"partitions_by_key", "partitions_disjoint_by_group", "partitions_in_time_order"}
    assert set(checks) & own == PROMISED.get(name, set())
    assert all(checks.values())
    assert verify_version(run.version.root, run.version.dataset, run.version.version) == []


@pytest.mark.parametrize("name", METHODS)
def test_a_version_that_is_stored_as_a_recipe_still_shows_what_its_other_rows_show(tmp_path: Path, name: str) -> None:
    output = {"root": str(tmp_path / "datasets"), "materialise": "recipe"}
    run = published(tmp_path, name, output=output)
    assert remove_train_if_recipe(run.version)
    assert verify_version(run.version.root, run.version.dataset, 1) == []


@pytest.mark.parametrize(
    ("name", "section", "changed", "broken"),
    [
        ("stable by ids", "split", {"salt": "another"}, "partitions_by_key"),
        ("stable by features", "split", {"test_size": 0.3}, "partitions_by_key"),
        ("stable by group", "split", {"salt": "another"}, "partitions_by_key"),
        ("time", "split", {"gap": "3 hours"}, "partitions_in_time_order"),
        ("stable by ids", "columns", {"group": "id", "ids": []}, ""),
    ],
)
def test_verify_holds_the_rows_against_the_promise_itself(
    tmp_path: Path, name: str, section: str, changed: dict[str, Any], broken: str
) -> None:
    """The files stay as they are, and the manifest promises something else, which they keep only in the last case.

    There the certificate lacks the check that the other promise asks for.
    """
    run = published(tmp_path, name)
    forge(
        DatasetFolder(run.version.root, run.version.dataset),
        lambda content: content["config"][section].update(changed),
    )
    told = verify_version(run.version.root, run.version.dataset, 1)
    expected = f"certificate: {broken} does not hold" if broken else "certificate: its checks are "
    assert any(line.startswith(expected) for line in told)


def test_a_group_that_stands_in_two_partitions_is_found_and_a_missing_one_is_none() -> None:
    promise = SplitPromise(ColumnsConfig(target="label", group="who"), SplitConfig(), 0)

    def evidence(part: str, groups: list[int | None]) -> list[SplitEvidence]:
        return [
            promise.evidence(part, pa.table({"who": pa.array(groups, pa.int64())}), lambda: row_hashes(pa.table({})))
        ]

    apart = {"train": evidence("train", [1, 1, None]), "validation": evidence("validation", [2, None]), "test": []}
    assert promise.checks(apart) == {"partitions_disjoint_by_group": True}
    torn = {**apart, "test": evidence("test", [3, 1])}
    assert promise.checks(torn) == {"partitions_disjoint_by_group": False}


@pytest.mark.parametrize(
    ("train", "validation", "test", "gap", "holds"),
    [
        ([1, 5], [6, 7], [8, 9], "", True),
        ([1, 6], [6, 7], [8, 9], "", False),
        ([1, 5], [8, 9], [12, 13], "3", True),
        ([1, 5], [8, 9], [11, 13], "3", False),
        ([1, 5], [6, None], [8, 9], "", False),
        ([], [6, 7], [8, 9], "", True),
        ([], [6, 8], [8, 9], "", False),
    ],
)
def test_times_that_overlap_or_come_too_close_or_are_missing_are_found(
    train: list[int], validation: list[int | None], test: list[int], gap: str, holds: bool
) -> None:
    promise = SplitPromise(ColumnsConfig(target="label", time="at"), SplitConfig(method="time", gap=gap), 0)
    times: dict[str, list[int | None]] = {"train": [*train], "validation": validation, "test": [*test]}
    found = {
        name: [
            promise.evidence(name, pa.table({"at": pa.array([value], pa.int64())}), lambda: row_hashes(pa.table({})))
            for value in values
        ]
        for name, values in times.items()
    }
    assert promise.checks(found) == {"partitions_in_time_order": holds}
