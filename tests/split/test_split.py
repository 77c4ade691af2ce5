from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from counterpoise.config import BalanceConfig, ColumnsConfig, SplitConfig
from counterpoise.errors import SplitError
from counterpoise.records import PARTITIONS, SplitPlan, Validation
from counterpoise.split import REJECTED, TrainRows, read_partition, split_snapshot
from counterpoise.split._allocation import GroupedRows, allocate_groups, partition_targets
from counterpoise.split._groups import group_codes, link_groups
from counterpoise.table import REJECTS_SCHEMA, read_rejects, row_hashes, write_rejects
from tests.snapshots import mixed_table, snapshot_of
from tests.split.splitting import split


def test_every_class_has_its_exact_share_of_every_partition(tmp_path: Path) -> None:
    plan = split(mixed_table(5000), tmp_path, columns={"ids": ["id"]}, test_size=0.25, validation_size=0.15)
    for name in plan.classes:
        total = sum(plan.counts[part][name] for part in PARTITIONS)
        shares = {"train": 0.6, "validation": 0.15, "test": 0.25}
        assert all(abs(plan.counts[part][name] - share * total) < 1 for part, share in shares.items())


def test_rows_with_equal_features_stay_together(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    table = pa.table(
        {"a": rng.integers(0, 30, 4000), "b": rng.integers(0, 20, 4000), "label": rng.integers(0, 2, 4000)}
    )
    plan = split(table, tmp_path)
    where, hashes = read_partition(plan), row_hashes(table.select(["a", "b"]))
    for content in np.unique(hashes):
        assert len(set(where[hashes == content].tolist())) == 1
    assert plan.duplicate_rows == 4000 - len(np.unique(hashes))
    assert plan.contradictory_rows > 0


def test_a_class_that_tied_rows_keep_off_its_shares_is_told(tmp_path: Path) -> None:
    table = pa.table({"a": [*range(300), *[-1] * 90, *range(1000, 1010)], "label": [0] * 300 + [1] * 100})
    plan = split(table, tmp_path)
    shares = "train 90 of 60, validation 5 of 20, test 5 of 20"
    assert plan.notes == (
        f"class '1' misses its shares ({shares}): up to 90 of its rows are tied together",
        (
            "class '1': 1 set of equal rows with more than 5.0 % of its rows, the largest with 90 (90.0 %): 1 in "
            "train, 0 in validation, 0 in test; so 90.0 % of the source's rows are not represented in some partition; "
            "the largest exceeds what should be in train (60) and in validation (20) and in test (20)"
        ),
    )
    assert split(table, tmp_path / "free", duplicates="ignore").notes == ()


def test_duplicates_are_split_freely_when_asked(tmp_path: Path) -> None:
    table = pa.table({"a": [1] * 100, "label": [0, 1] * 50})
    assert split(table, tmp_path, duplicates="ignore").counts["test"] == {"0": 10, "1": 10}


def test_rows_of_a_group_stay_together_even_across_duplicates(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    table = pa.table(
        {"a": rng.integers(0, 2000, 3000), "customer": rng.integers(0, 700, 3000), "label": rng.integers(0, 2, 3000)}
    )
    where = read_partition(split(table, tmp_path, columns={"group": "customer"}))
    for column in ("customer", "a"):
        values = table[column].to_numpy()
        assert all(len(set(where[values == value].tolist())) == 1 for value in np.unique(values))


def test_a_missing_group_ties_nothing_together() -> None:
    codes = group_codes(pa.chunked_array([["a", None, "a", None]]))
    assert codes[0] == codes[2]
    assert len(set(codes.tolist())) == 3


def test_the_same_seed_gives_the_same_split_and_another_seed_another(tmp_path: Path) -> None:
    table = mixed_table(500)
    first, again = split(table, tmp_path / "a"), split(table, tmp_path / "b")
    other = split(table, tmp_path / "c", seed=1)
    assert first.sha256 == again.sha256
    assert read_partition(first).tolist() != read_partition(other).tolist()


def test_a_class_that_cannot_stand_everywhere_is_refused_with_its_count(tmp_path: Path) -> None:
    """Fault 6."""
    table = pa.table({"a": range(102), "label": ["x"] * 100 + ["rare"] * 2})
    with pytest.raises(SplitError, match=r"'rare' \(2 rows, 2 distinct\)") as caught:
        split(table, tmp_path)
    assert caught.value.reason == "rare_classes"


def test_rows_of_a_class_that_are_all_alike_are_too_few(tmp_path: Path) -> None:
    table = pa.table({"a": [*range(100), *[-1] * 50], "label": [*["x", "z"] * 50, *["rare"] * 50]})
    with pytest.raises(SplitError, match=r"'rare' \(50 rows, 1 distinct\)"):
        split(table, tmp_path)


def test_rare_classes_can_stay_in_train(tmp_path: Path) -> None:
    table = pa.table({"a": range(202), "label": [*["x", "y"] * 100, *["rare"] * 2]})
    plan = split(table, tmp_path, rare_classes="train_only")
    assert [plan.counts[part]["rare"] for part in PARTITIONS] == [2, 0, 0]
    assert "rare" in plan.notes[0]


def test_rare_classes_can_be_rejected_with_their_reason(tmp_path: Path) -> None:
    table = pa.table({"a": range(202), "label": [*["x", "y"] * 100, *["rare"] * 2]})
    plan = split(table, tmp_path, rare_classes="reject")
    assert read_partition(plan)[200:].tolist() == [REJECTED, REJECTED]
    assert read_rejects(plan.rejects_file).to_pylist() == [
        {"source_row": row, "reason": "rare_class", "column": "label", "value": "rare"} for row in (200, 201)
    ]


def test_a_minority_of_one_row_is_refused_whatever_the_policy(tmp_path: Path) -> None:
    """Fault 4."""
    table = pa.table({"a": range(101), "label": [0] * 100 + [1]})
    for policy in ("stop", "train_only", "reject"):
        with pytest.raises(SplitError, match="1"):
            split(table, tmp_path / policy, rare_classes=policy)


def test_a_single_class_is_refused(tmp_path: Path) -> None:
    """Fault 3."""
    with pytest.raises(SplitError, match="at least two classes"):
        split(pa.table({"a": range(10), "label": [1] * 10}), tmp_path)


def test_a_null_label_that_nobody_rejected_is_refused_with_its_row(tmp_path: Path) -> None:
    with pytest.raises(SplitError, match="the first is row 4"):
        split(pa.table({"a": range(20), "label": [0, 1, 0, None] + [0, 1] * 8}), tmp_path)


def split_with_rejects(table: pa.Table, rejects: pa.Table, folder: Path) -> SplitPlan:
    snapshot = snapshot_of(table, folder)
    file = write_rejects(folder / "rejects.parquet", rejects)
    return split_snapshot(
        snapshot,
        columns=ColumnsConfig(target="label"),
        config=SplitConfig(),
        validation=Validation(success=True, outcomes=(), rejected_rows=rejects.num_rows, rejects_file=file),
        seed=0,
        folder=folder / "split",
    )


def test_rejected_rows_stand_in_no_partition(tmp_path: Path) -> None:
    table = mixed_table(300)
    rejects = pa.table([[5, 70], ["x", "y"], ["x", "x"], ["1", "2"]], schema=REJECTS_SCHEMA)
    plan = split_with_rejects(table, rejects, tmp_path)
    assert np.flatnonzero(read_partition(plan) == REJECTED).tolist() == [5, 70]
    assert plan.rejected_rows == 2
    assert sum(sum(counts.values()) for counts in plan.counts.values()) == 298


def test_rejected_rows_count_neither_as_duplicates_nor_as_contradictions(tmp_path: Path) -> None:
    table = pa.table({"a": [*range(40), 0, 1], "label": [*[0, 1] * 20, None, 1]})
    rejects = pa.table([[40], ["x"], ["label"], [""]], schema=REJECTS_SCHEMA)
    plan = split_with_rejects(table, rejects, tmp_path)
    assert (plan.duplicate_rows, plan.contradictory_rows) == (1, 0)


def test_train_rows_hold_no_other_rows(tmp_path: Path) -> None:
    from counterpoise.table import encode_labels

    table = mixed_table(300)
    plan = split(table, tmp_path)
    train = TrainRows.from_plan(plan, encode_labels(table["label"]))
    assert sorted(train.rows.tolist()) == np.flatnonzero(read_partition(plan) == 0).tolist()
    assert train.counts() == plan.counts["train"]


@pytest.mark.slow
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40)), min_size=20, max_size=400),
    st.tuples(st.integers(1, 8), st.integers(1, 8), st.integers(1, 8)),
    st.integers(0, 2**32 - 1),
)
@settings(max_examples=150, deadline=None)
def test_groups_are_never_torn_and_every_row_is_placed(
    rows: list[tuple[int, int]], parts: tuple[int, int, int], seed: int
) -> None:
    labels = np.array([row[0] for row in rows], dtype=np.int32)
    groups = group_codes(np.array([row[1] for row in rows], dtype=np.uint64))
    shares = tuple(part / sum(parts) for part in parts)
    placed = allocate_groups(GroupedRows(groups, labels, ("a", "b", "c", "d")), shares=shares, seed=seed)
    assert set(placed.tolist()) <= {0, 1, 2}
    for group in np.unique(groups):
        assert len(set(placed[groups == group].tolist())) == 1


@given(st.lists(st.integers(0, 3), min_size=3, max_size=500), st.integers(0, 2**32 - 1))
@settings(max_examples=100, deadline=None)
def test_single_rows_are_placed_exactly_as_targeted(labels: list[int], seed: int) -> None:
    codes = np.array(labels, dtype=np.int32)
    shares = (0.6, 0.2, 0.2)
    rows = GroupedRows(np.arange(len(codes)), codes, ("a", "b", "c", "d"))
    placed = allocate_groups(rows, shares=shares, seed=seed)
    for code in range(4):
        counts = np.bincount(placed[codes == code], minlength=3).tolist()
        assert counts == partition_targets(int((codes == code).sum()), shares).tolist()


@given(st.integers(0, 5000), st.floats(0.01, 0.9), st.floats(0.01, 0.09))
def test_targets_add_up_and_are_within_one_row_unless_a_partition_would_be_empty(
    rows: int, test: float, validation: float
) -> None:
    shares = (1 - test - validation, validation, test)
    targets = partition_targets(rows, shares)
    assert targets.sum() == rows
    if rows >= 3:
        assert targets.min() >= 1
    if min(share * rows for share in shares) >= 1:
        assert all(abs(target - share * rows) < 1 for target, share in zip(targets, shares, strict=True))


@given(st.lists(st.tuples(st.integers(0, 10), st.integers(0, 10)), min_size=1, max_size=60))
def test_linked_groups_are_the_finest_that_tear_neither(pairs: list[tuple[int, int]]) -> None:
    first = group_codes(np.array([pair[0] for pair in pairs], dtype=np.uint64))
    second = group_codes(np.array([pair[1] for pair in pairs], dtype=np.uint64))
    linked = link_groups(first, second)
    parent = list(range(len(pairs)))

    def find(index: int) -> int:
        return index if parent[index] == index else find(parent[index])

    for one in range(len(pairs)):
        for other in range(one):
            if first[one] == first[other] or second[one] == second[other]:
                parent[find(one)] = find(other)
    for one in range(len(pairs)):
        for other in range(one):
            assert (linked[one] == linked[other]) == (find(one) == find(other))


def skewed_groups(rng: np.random.Generator) -> GroupedRows:
    """Return groups whose sizes and shares of the rare class differ by orders of magnitude."""
    sizes = np.minimum((rng.pareto(1.1, 2000) * 3 + 1).astype(int), 3000)
    groups = np.repeat(np.arange(2000), sizes)
    share = np.clip(0.01 * rng.lognormal(0, 2, 2000), 0, 1)
    labels = (rng.random(len(groups)) < share[groups]).astype(np.int32)
    order = rng.permutation(len(groups))
    return GroupedRows(group_codes(groups[order].astype(np.uint64)), labels[order], ("no", "yes"))


@pytest.mark.parametrize("seed", range(8))
def test_whole_groups_keep_every_class_close_to_its_shares_however_unlike_they_are(seed: int) -> None:
    rows = skewed_groups(np.random.default_rng(seed))
    placed = allocate_groups(rows, shares=(0.6, 0.2, 0.2), seed=seed)
    for code in (0, 1):
        own = placed[rows.labels == code]
        wanted = np.array([0.6, 0.2, 0.2]) * len(own)
        assert (np.abs(np.bincount(own, minlength=3) - wanted) / wanted).max() < 0.05


def test_one_group_that_holds_the_whole_rare_class_is_refused_as_too_few(tmp_path: Path) -> None:
    table = pa.table({"a": range(300), "customer": [*range(250), *[-1] * 50], "label": [0] * 250 + [1] * 50})
    with pytest.raises(SplitError, match=r"'1' \(50 rows, 1 distinct\)"):
        split(table, tmp_path, columns={"group": "customer"}, method="grouped")


def test_groups_are_kept_whether_asked_for_or_not_and_the_plan_says_so(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    table = pa.table({"a": rng.normal(size=900), "who": rng.integers(0, 200, 900), "label": rng.integers(0, 2, 900)})
    asked = split(table, tmp_path / "a", columns={"group": "who"}, method="grouped")
    unasked = split(table, tmp_path / "b", columns={"group": "who"})
    assert (asked.method, asked.sha256) == (unasked.method, unasked.sha256) == ("grouped", asked.sha256)
    assert split(table, tmp_path / "c", columns={"drop": ["who"]}).method == "random"


def test_groups_need_a_column() -> None:
    with pytest.raises(ValidationError, match=r"split\.method grouped needs columns\.group"):
        BalanceConfig(name="x", source={"path": "x"}, columns={"target": "y"}, split={"method": "grouped"})
