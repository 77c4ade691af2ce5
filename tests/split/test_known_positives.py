"""Entities known as positive leave validation and test, as in the Fraud Detection Handbook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from counterpoise.errors import SplitError
from counterpoise.persist import DatasetFolder
from counterpoise.records import SplitPlan
from counterpoise.split import REJECTED, read_partition
from counterpoise.table import read_rejects
from counterpoise.verify._version import verify_version
from counterpoise.versions import open_version
from tests.manifests import forge
from tests.snapshots import run_engine
from tests.split.splitting import split
from tests.split.transactions import transactions

ROLES = {"target": "label", "time": "at", "group": "customer", "drop": ["day", "second"]}
WEEKS = {"train": "7 days", "delay": "7 days", "test": "7 days"}


def split_weeks(table: pa.Table, folder: Path, *, columns: dict[str, Any] | None = None, **config: Any) -> SplitPlan:
    settings = {"method": "time", "known_positives": "drop", "duplicates": "ignore", **WEEKS, **config}
    return split(table, folder, columns={**ROLES, **(columns or {})}, **settings)


def handbook_test_rows(table: pa.Table, *, train: int, delay: int, test: int) -> set[int]:
    """Return the test rows of the Handbook's `get_train_test_set`, written out day by day."""
    frame = table.to_pandas()
    known = set(frame[(frame.day < train) & (frame.label == 1)].customer)
    rows: set[int] = set()
    for day in range(test):
        revealed = frame[frame.day == train + day - 1]
        known |= set(revealed[revealed.label == 1].customer)
        of_the_day = frame[frame.day == train + delay + day]
        rows |= set(of_the_day[~of_the_day.customer.isin(known)].index)
    return rows


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"time": "day", "drop": ["at", "second"], "time_unit": "day"},
        {"time": "second", "drop": ["at", "day"], "time_unit": "second"},
    ],
)
def test_test_has_the_rows_of_the_handbook(tmp_path: Path, seed: int, columns: dict[str, Any]) -> None:
    table = transactions(seed=seed)
    plan = split_weeks(table, tmp_path, columns=columns)
    wanted = handbook_test_rows(table, train=7, delay=7, test=7)
    assert set(np.flatnonzero(read_partition(plan) == 2).tolist()) == wanted
    assert len(wanted) < (table["day"].to_numpy() >= 14).sum()


@pytest.mark.parametrize(("train", "delay", "test"), [(10, 3, 8), (5, 1, 15), (12, 0, 9)])
def test_test_has_the_rows_of_the_handbook_when_labels_of_test_itself_become_known(
    tmp_path: Path, train: int, delay: int, test: int
) -> None:
    """Handbook's day 0 adds the frauds of train's last day, so with any delay the days before are in train."""
    table = transactions(rows=9_000)
    plan = split_weeks(table, tmp_path, train=f"{train} days", delay=f"{delay} days", test=f"{test} days")
    wanted = handbook_test_rows(table, train=train, delay=delay, test=test)
    assert set(np.flatnonzero(read_partition(plan) == 2).tolist()) == wanted


def brute_force(table: pa.Table, *, train: np.ndarray, delay: int, start: int) -> np.ndarray:
    """Return which rows belong to a customer that is known by then, row by row."""
    day, customer, label = (np.asarray(table[name]) for name in ("day", "customer", "label"))
    known = np.zeros(len(day), bool)
    for row in range(len(day)):
        own = (customer == customer[row]) & (label == 1) & (day >= start)
        known[row] = train[own].any() or (day[own] < day[row] - delay).any()
    return np.asarray(known & ~train)


def test_the_rows_that_leave_are_those_found_one_by_one(tmp_path: Path) -> None:
    table = transactions(rows=2_500)
    settings: dict[str, Any] = {
        "train": {"from": "2025-03-03", "to": "2025-03-10"},
        "validation": "3 days",
        "test": "6 days",
    }
    plan = split_weeks(table, tmp_path, delay="4 days", **settings)
    plain: dict[str, Any] = {
        "columns": {"group": "", "drop": ["day", "second", "customer"]},
        "known_positives": "keep",
        **settings,
    }
    free = read_partition(split_weeks(table, tmp_path / "free", delay="4 days", **plain))
    known = brute_force(table, train=free == 0, delay=4, start=2)
    where = read_partition(plan)
    assert np.array_equal(where == 0, free == 0)
    assert np.array_equal(where == REJECTED, (free == REJECTED) | known)
    rejects = read_rejects(plan.rejects_file)
    own = rejects.filter(pa.compute.equal(rejects["reason"], "known_positive"))
    assert plan.apart["known_positive"] == own.num_rows == int((known & (free > 0)).sum())
    assert set(own["column"].to_pylist()) == {"customer"}
    assert own["value"].to_pylist() == [table["customer"][row].as_py() for row in own["source_row"].to_pylist()]


def test_both_meanings_of_a_group_are_there_and_the_error_of_one_names_the_other(tmp_path: Path) -> None:
    table = transactions()
    with pytest.raises(SplitError, match=r"let groups span partitions \(split\.known_positives: drop\)"):
        split_weeks(table, tmp_path / "apart", known_positives="keep")
    plan = split_weeks(table, tmp_path)
    assert plan.counts["train"]["1"] > 10
    assert plan.positive_class == "1"
    assert "group_elsewhere" not in plan.apart
    assert any("values of customer that were known as positive (class '1')" in note for note in plan.notes)


def test_the_class_of_interest_is_the_rarer_one_or_the_one_of_the_evaluation(tmp_path: Path) -> None:
    table = transactions()
    run = run_engine(
        table, tmp_path, columns=ROLES, split={"method": "time", "known_positives": "drop", **WEEKS},
        evaluation={"positive_class": "1"}, resampling={"strategy": "none"},
    )  # fmt: skip
    assert run.split.positive_class == "1"
    three = table.set_column(6, "label", pa.array(np.arange(table.num_rows) % 3))
    with pytest.raises(SplitError, match=r"evaluation\.positive_class to be one of the classes"):
        split_weeks(three, tmp_path / "three")


def test_a_missing_group_is_its_own_and_links_nothing(tmp_path: Path) -> None:
    table = transactions()
    customers = pa.array([None] * table.num_rows, pa.string())
    plan = split_weeks(table.set_column(3, "customer", customers), tmp_path)
    assert "known_positive" not in plan.apart


@pytest.mark.parametrize("strategy", ["none", "random_over", "random_under", "smote"])
@pytest.mark.parametrize("settings", [WEEKS, {"gap": "2 days"}, {**WEEKS, "validation": "2 days", "test": "5 days"}])
def test_the_certificate_and_verify_look_for_known_positives(
    tmp_path: Path, strategy: str, settings: dict[str, str]
) -> None:
    run = run_engine(
        transactions(), tmp_path, columns=ROLES, split={"method": "time", "known_positives": "drop", **settings},
        resampling={"strategy": strategy},
    )  # fmt: skip
    checks = open_version(Path(run.version.root) / run.version.dataset).manifest.certificate.checks
    assert checks["known_positives_left_out"]
    assert "partitions_disjoint_by_group" not in checks
    assert verify_version(run.version.root, run.version.dataset, 1) == []


KINDS: dict[str, Any] = {
    "dates": lambda table: table["at"].cast(pa.date32()),
    "times of a zone": lambda table: pa.compute.assume_timezone(table["at"], "Europe/Berlin"),
    "nanoseconds": lambda table: table["at"].cast(pa.timestamp("ns")),
    "hours with decimals": lambda table: pa.compute.divide(table["second"].cast(pa.float64()), 3600.0),
    "some missing": lambda table: pa.compute.if_else(pa.compute.equal(table["day"], 16), None, table["at"]),
}


@pytest.mark.parametrize("kind", KINDS)
def test_times_of_every_kind_and_groups_of_every_type_verify(tmp_path: Path, kind: str) -> None:
    """The time column bears the name of a column of the rejects, and the group is a dictionary with missing values."""
    table = transactions(rows=3_000)
    column = KINDS[kind](table)
    customer = pa.array(table["customer"].to_pylist(), mask=np.arange(3_000) % 50 == 0).dictionary_encode()
    table = table.set_column(0, "reason", column).set_column(3, "customer", customer)
    unit = "hour" if kind == "hours with decimals" else ""
    run = run_engine(
        table, tmp_path, columns={**ROLES, "time": "reason", "time_unit": unit},
        split={"method": "time", "known_positives": "drop", **WEEKS}, resampling={"strategy": "none"},
    )  # fmt: skip
    assert run.split.apart["known_positive"] > 0
    assert verify_version(run.version.root, run.version.dataset, 1) == []


def test_a_manifest_that_promises_it_of_other_rows_does_not_verify(tmp_path: Path) -> None:
    """The rows stay as they are, with known positives in test; the manifest says that they were left out."""
    run = run_engine(
        transactions(), tmp_path, columns={**ROLES, "group": "", "ids": ["customer"]},
        split={"method": "time", **WEEKS}, resampling={"strategy": "none"},
    )  # fmt: skip

    def promise(content: dict[str, Any]) -> None:
        content["config"]["columns"].update(group="customer", ids=[])
        content["config"]["split"].update(known_positives="drop")
        content["split"].update(positive_class="1")
        content["certificate"]["checks"]["known_positives_left_out"] = True

    forge(DatasetFolder(run.version.root, run.version.dataset), promise)
    told = verify_version(run.version.root, run.version.dataset, 1)
    assert any(line.startswith("certificate: known_positives_left_out does not hold") for line in told), told
    assert any("that no known positive is in validation or test" in line for line in told), told


def test_another_class_of_interest_does_not_verify(tmp_path: Path) -> None:
    run = run_engine(
        transactions(), tmp_path, columns=ROLES, split={"method": "time", "known_positives": "drop", **WEEKS},
        resampling={"strategy": "none"},
    )  # fmt: skip
    forge(DatasetFolder(run.version.root, run.version.dataset), lambda one: one["split"].update(positive_class="0"))
    told = verify_version(run.version.root, run.version.dataset, 1)
    assert any(line.startswith("manifest: split.positive_class is 0") for line in told), told
