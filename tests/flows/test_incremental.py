"""Sources that grow from run to run: every earlier row stays in its partition."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from counterpoise.config import BalanceConfig, build_config
from counterpoise.errors import ContractError
from counterpoise.flows.balance import balance
from counterpoise.records import PARTITIONS, DatasetVersion
from counterpoise.verify._version import verify_version
from counterpoise.versions import open_version


def rows(first: int, number: int) -> list[tuple[int, float, int, int, str]]:
    """Return rows of a serial number, two features, a customer and a label at 15 %."""
    rng = np.random.default_rng(first)
    label = rng.random(number) < 0.15
    x, y, who = rng.normal(size=number) + label, rng.integers(0, 1000, number), rng.integers(0, 200, number)
    return [
        (first + n, round(float(x[n]), 6), int(y[n]), int(who[n]), "yes" if label[n] else "no") for n in range(number)
    ]


def write_delivery(folder: Path, name: str, delivered: list[tuple[int, float, int, int, str]]) -> None:
    lines = [",".join(map(str, row)) for row in delivered]
    (folder / name).write_text("\n".join(["serial,x,y,who,label", *lines]) + "\n")


def configured(folder: Path, source: dict[str, Any], columns: dict[str, Any], **split: Any) -> BalanceConfig:
    return build_config(
        {
            "name": "growing",
            "source": source,
            "columns": {"target": "label", **columns},
            "split": {"method": "stable", "salt": "growing", **split},
            "resampling": {"strategy": "random_under"},
            "output": {"root": str(folder / "datasets")},
            "evaluation": {"enabled": False},
        }
    )


def partition_of(version: DatasetVersion) -> dict[int, str]:
    """Return the partition of every published row, by its serial number."""
    opened = open_version(f"{version.root}/{version.dataset}@{version.version}")
    keys = {part: opened.to_arrow(f"keys/{part}")["serial"].to_pylist() for part in PARTITIONS}
    return {serial: part for part, serials in keys.items() for serial in serials}


def manifest_of(version: DatasetVersion) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads(Path(version.root, version.dataset, version.manifest).read_text())
    return manifest


def sides_kept(before: DatasetVersion, after: DatasetVersion) -> int:
    """Check that no row changed sides and that test lost none; return how many rows both versions have."""
    then, now = partition_of(before), partition_of(after)
    both = set(then) & set(now)
    assert {serial: now[serial] for serial in both} == {serial: then[serial] for serial in both}
    assert {serial for serial, part in then.items() if part == "test"} <= set(now)
    assert verify_version(after.root, after.dataset, after.version) == []
    return len(both)


@pytest.mark.parametrize(
    "columns",
    [{"ids": ["serial"], "drop": ["who"]}, {"ids": ["serial"], "group": "who"}],
    ids=["by ids", "by group"],
)
def test_new_files_of_a_folder_make_a_new_version_in_which_no_row_changed_sides(
    tmp_path: Path, columns: dict[str, Any]
) -> None:
    source = tmp_path / "deliveries"
    source.mkdir()
    write_delivery(source, "2026-02.csv", rows(0, 900))
    config = configured(tmp_path, {"path": str(source)}, columns)
    first = balance(config)
    assert balance(config).version == 1
    write_delivery(source, "2026-01.csv", rows(5000, 1_800)[::-1])  # twice as many, which sort before what was there
    second = balance(config)
    assert (second.version, second.created) == (2, True)
    assert sides_kept(first, second) > 400
    assert manifest_of(second)["split"]["method"] == "stable"
    write_delivery(source, "2026-03.csv", [(*row[:1], row[1] * 100, *row[2:]) for row in rows(9000, 900)])
    with pytest.raises(ContractError, match=r"on 'x'.*: in 2026-03\.csv: population stability index"):
        balance(config)
    assert sorted(path.name for path in source.parent.glob("datasets/growing/versions/*")) == [
        "00000001.json",
        "00000002.json",
    ]


def test_rows_beyond_a_watermark_make_a_new_version_and_a_bound_brings_the_former_back(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "shop.db")
    connection.execute("CREATE TABLE sales (serial INTEGER, x REAL, y INTEGER, who INTEGER, label TEXT)")
    connection.executemany("INSERT INTO sales VALUES (?, ?, ?, ?, ?)", rows(0, 900))
    connection.commit()
    source = {"url": f"sqlite:///{tmp_path / 'shop.db'}", "table": "sales", "watermark": "serial"}
    columns = {"ids": ["serial"], "drop": ["who"]}
    first = balance(configured(tmp_path, source, columns))
    connection.executemany("INSERT INTO sales VALUES (?, ?, ?, ?, ?)", rows(900, 1_300))
    connection.commit()
    connection.close()
    second = balance(configured(tmp_path, source, columns))
    assert sides_kept(first, second) > 200
    assert [manifest_of(version)["source"]["watermark"] for version in (first, second)] == ["899", "2199"]
    again = balance(configured(tmp_path, {**source, "until": "900"}, columns))
    assert (again.version, again.created) == (1, False)
