from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from counterpoise.config import ColumnsConfig, SplitConfig
from counterpoise.errors import SplitError
from counterpoise.records import PARTITIONS
from counterpoise.split import REJECTED, read_partition
from counterpoise.split._files import Partition
from counterpoise.split._groups import group_codes
from counterpoise.split._keys import KeyRule
from counterpoise.split._rows import SplitRows
from counterpoise.split._stable import place_by_key
from counterpoise.table import Hashes, read_rejects
from tests.snapshots import mixed_table
from tests.split.splitting import split

IDS = {"ids": ["id"]}
TRAIN, VALIDATION, TEST = range(3)


def rule(*columns: str, salt: str = "", seed: int = 0, **sizes: float) -> KeyRule:
    return KeyRule.of(
        ColumnsConfig(target="label", ids=columns), SplitConfig(method="stable", salt=salt, **sizes), seed
    )


def no_contents() -> Hashes:
    raise AssertionError("no row is without a key")


def sides(keys: Any, chosen: KeyRule) -> Partition:
    return chosen.partitions(chosen.key_hashes(pa.table({"id": keys})), no_contents)


def placed(rows: list[tuple[int, int]]) -> Partition:
    """Place rows of a key and a feature; assume that each partition gets one."""
    content = group_codes(np.array([feature for _, feature in rows], dtype=np.uint64))
    by_id = sides(pa.array([key for key, _ in rows], pa.int64()), rule("id"))
    assume(set(by_id.tolist()) == {TRAIN, VALIDATION, TEST})
    one_class = SplitRows(np.zeros(len(rows), dtype=np.int32), ("x",), content)
    try:
        return place_by_key(one_class, by_id, config=SplitConfig(method="stable"), target="label").partition
    except SplitError:
        reject()


ROWS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 40)), min_size=40, max_size=120)


@pytest.mark.slow
@given(ROWS, ROWS, st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_no_row_changes_sides_when_rows_are_added_and_shuffled(
    before: list[tuple[int, int]], added: list[tuple[int, int]], random: Any
) -> None:
    together = [*before, *added]
    order = random.sample(range(len(together)), len(together))
    then = placed(before)
    now = np.empty(len(together), dtype=np.int8)
    now[order] = placed([together[place] for place in order])
    for was, became in zip(then.tolist(), now.tolist(), strict=False):
        assert REJECTED in (was, became) or was == became
        assert was != TEST or became == TEST


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=200), st.text(max_size=5))
@settings(max_examples=100, deadline=None)
def test_the_side_of_a_key_depends_on_nothing_but_the_key_and_the_salt(keys: list[int], salt: str) -> None:
    chosen = rule("id", salt=salt)
    together = sides(pa.array(keys, pa.int64()), chosen)
    assert together.tolist() == [int(sides(pa.array([key], pa.int64()), chosen)[0]) for key in keys]


@given(st.floats(0.01, 0.4), st.floats(0.01, 0.4), st.floats(0.0, 0.15), st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_a_partition_that_grows_takes_rows_from_train_alone(
    test: float, validation: float, more: float, seed: int
) -> None:
    keys = np.arange(3000)
    before = sides(keys, rule("id", seed=seed, test_size=test, validation_size=validation))
    larger = sides(keys, rule("id", seed=seed, test_size=test + more, validation_size=validation))
    assert set(zip(before.tolist(), larger.tolist(), strict=True)) <= {(0, 0), (1, 1), (2, 2), (TRAIN, TEST)}
    larger = sides(keys, rule("id", seed=seed, test_size=test, validation_size=validation + more))
    assert set(zip(before.tolist(), larger.tolist(), strict=True)) <= {(0, 0), (1, 1), (2, 2), (TRAIN, VALIDATION)}


def test_sides_are_the_same_for_ever() -> None:
    """These values are a promise: whoever changes them moves rows of every published dataset."""
    numbers = sides(pa.array(range(24), pa.int64()), rule("id", salt="kept"))
    texts = sides(pa.array([f"c{number}" for number in range(24)]), rule("id", salt="kept"))
    seeded = sides(pa.array(range(24), pa.int64()), rule("id", seed=7))
    assert "".join(map(str, numbers)) == "201100002020120020020220"
    assert "".join(map(str, texts)) == "000012000110000101202000"
    assert "".join(map(str, seeded)) == "012220120010000201010200"


@pytest.mark.parametrize(
    "keys",
    [np.arange(200_000), np.arange(200_000) * 1024, [f"user-{number}" for number in range(200_000)]],
    ids=["serial", "stepped", "texts"],
)
def test_every_partition_and_every_stretch_has_its_share_of_keys(keys: Any) -> None:
    found = sides(pa.array(keys), rule("id", test_size=0.1, validation_size=0.25))
    for stretch in (found, found[:20_000], found[1::2]):
        for part, share in ((TRAIN, 0.65), (VALIDATION, 0.25), (TEST, 0.1)):
            spread = np.sqrt(share * (1 - share) / len(stretch))
            assert abs((stretch == part).mean() - share) < 4.5 * spread


def test_neither_another_width_nor_another_name_of_the_key_column_moves_a_row() -> None:
    wide = sides(pa.array(range(500), pa.int64()), rule("id"))
    assert sides(pa.array(range(500), pa.int16()), rule("id")).tolist() == wide.tolist()
    renamed = rule("customer number")
    hashes = renamed.key_hashes(pa.table({"customer number": range(500)}))
    assert renamed.partitions(hashes, no_contents).tolist() == wide.tolist()


def test_several_identifiers_together_are_the_key() -> None:
    chosen = rule("shop", "receipt")
    table = pa.table({"receipt": [1, 2, 1, 2] * 100, "shop": np.repeat(np.arange(200), 2)})
    words = chosen.key_hashes(table)
    assert len(np.unique(words)) == 400
    assert words[0] == chosen.key_hashes(pa.table({"shop": [0], "receipt": [1]}))[0]


def test_a_salt_draws_anew_and_makes_the_seed_indifferent() -> None:
    keys = np.arange(1000)
    salted = sides(keys, rule("id", salt="a"))
    assert sides(keys, rule("id", salt="b")).tolist() != salted.tolist()
    assert sides(keys, rule("id", salt="a", seed=9)).tolist() == salted.tolist()
    assert sides(keys, rule("id", seed=9)).tolist() != sides(keys, rule("id")).tolist()


def grown(table: pa.Table, more: pa.Table, rng: np.random.Generator) -> tuple[pa.Table, npt.NDArray[np.int64]]:
    """Return the rows of both tables, shuffled, and where those of the first one stand."""
    order = rng.permutation(table.num_rows + more.num_rows)
    together = pa.concat_tables([table, more]).take(pa.array(order))
    return together, np.argsort(order)[: table.num_rows]


@pytest.mark.parametrize("columns", [IDS, {"drop": ["id"]}], ids=["by ids", "by features"])
def test_a_grown_table_keeps_every_earlier_row_in_its_partition(tmp_path: Path, columns: dict[str, Any]) -> None:
    first = mixed_table(4000, seed=1)
    more = mixed_table(9000, seed=2).slice(4000)
    plan = split(first, tmp_path / "first", columns=columns, method="stable")
    together, places = grown(first, more, np.random.default_rng(0))
    later = split(together, tmp_path / "later", columns=columns, method="stable")
    assert read_partition(later)[places].tolist() == read_partition(plan).tolist()
    assert (plan.method, plan.apart, later.apart) == ("stable", {}, {})


def test_a_key_stays_on_its_side_when_its_label_and_features_change(tmp_path: Path) -> None:
    table = mixed_table(3000)
    changed = table.set_column(table.schema.get_field_index("label"), "label", pa.array([1, 0, 0] * 1000, pa.int8()))
    changed = changed.set_column(1, "x", pa.array(np.random.default_rng(5).normal(size=3000)))
    before = read_partition(split(table, tmp_path / "a", columns=IDS, method="stable"))
    after = read_partition(split(changed, tmp_path / "b", columns=IDS, method="stable"))
    assert before.tolist() == after.tolist()


def test_without_keys_the_features_decide_and_the_label_does_not(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    features = {"a": rng.integers(0, 500, 4000), "b": rng.integers(0, 3, 4000)}
    plans = [
        split(pa.table({**features, "label": rng.integers(0, 2, 4000)}), tmp_path / name, method="stable")
        for name in ("a", "b")
    ]
    where = read_partition(plans[0])
    assert where.tolist() == read_partition(plans[1]).tolist()
    assert REJECTED not in where
    pairs = features["a"] * 3 + features["b"]
    assert all(len(set(where[pairs == pair].tolist())) == 1 for pair in np.unique(pairs))


def test_groups_decide_before_ids_and_rows_without_a_group_go_by_their_features(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    groups = pa.array(rng.integers(0, 300, 3000), mask=rng.random(3000) < 0.3)
    table = pa.table({"id": range(3000), "who": groups, "a": np.arange(3000) * 1.5, "label": rng.integers(0, 2, 3000)})
    where = read_partition(split(table, tmp_path / "a", columns={**IDS, "group": "who"}, method="stable"))
    known = np.asarray(groups.is_valid())
    values = groups.to_numpy(zero_copy_only=False)
    assert all(len(set(where[values == value].tolist())) == 1 for value in range(300))
    alone = split(table, tmp_path / "b", columns={"drop": ["id", "who"]}, method="stable")
    assert where[~known].tolist() == read_partition(alone)[~known].tolist()
    assert set(where[~known].tolist()) == {TRAIN, VALIDATION, TEST}


def test_rows_that_equal_a_row_of_another_side_are_left_out_before_test_loses_one(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    table = pa.table({"id": range(4000), "a": rng.integers(0, 3000, 4000), "label": rng.integers(0, 2, 4000)})
    plan = split(table, tmp_path, columns=IDS, method="stable")
    where, alone = read_partition(plan), sides(table["id"], rule("id"))
    features = table["a"].to_numpy()
    assert (where == TEST).tolist() == (alone == TEST).tolist()
    for value in np.unique(features):
        kept = alone[features == value].max()
        assert where[features == value].tolist() == [
            int(side) if side == kept else REJECTED for side in alone[features == value]
        ]
    rejects = read_rejects(plan.rejects_file)
    assert set(rejects["reason"].to_pylist()) == {"equal_elsewhere"}
    assert plan.apart == {"equal_elsewhere": rejects.num_rows}
    assert plan.notes[-1].startswith(f"{rejects.num_rows:,} rows of train or validation have the same features")
    ignoring = split(table, tmp_path / "ignoring", columns=IDS, method="stable", duplicates="ignore")
    assert read_partition(ignoring).tolist() == alone.tolist()


def test_a_class_that_the_hash_leaves_out_of_a_partition_is_refused_or_set_apart(tmp_path: Path) -> None:
    keys = np.arange(2000)
    in_train = keys[sides(keys, rule("id")) == TRAIN]
    labels = np.array(["x", "y"], dtype=object)[keys % 2]
    labels[in_train[:5]] = "rare"
    table = pa.table({"id": keys, "a": keys * 2, "label": labels.tolist()})
    with pytest.raises(
        SplitError, match=r"none of 'rare': the hash of their keys .* set split.rare_classes to reject"
    ) as caught:
        split(table, tmp_path, columns=IDS, method="stable")
    assert caught.value.values["partition"] == "validation"
    plan = split(table, tmp_path / "rejecting", columns=IDS, method="stable", rare_classes="reject")
    assert plan.apart == {"rare_class": 5}
    assert np.flatnonzero(read_partition(plan) == REJECTED).tolist() == in_train[:5].tolist()
    assert read_rejects(plan.rejects_file)["value"].to_pylist() == ["rare"] * 5


def test_too_few_rows_for_two_classes_everywhere_are_refused_whatever_the_policy(tmp_path: Path) -> None:
    table = pa.table({"id": range(4), "a": range(4), "label": [0, 1] * 2})
    with pytest.raises(SplitError, match="every class in the") as caught:
        split(table, tmp_path, columns=IDS, method="stable", rare_classes="reject")
    assert "rare_classes" not in caught.value.remedy


def test_shares_that_chance_keeps_off_are_told(tmp_path: Path) -> None:
    table = mixed_table(300, share=0.2)
    notes = split(table, tmp_path, columns=IDS, method="stable", seed=3).notes
    assert any(note.startswith("class '1' misses its shares (train ") for note in notes)


@pytest.mark.parametrize(
    ("settings_of_split", "said"),
    [
        ({"method": "stable", "rare_classes": "train_only"}, "rows must not change their partition"),
        ({"salt": "x"}, "salt needs method stable"),
        ({"gap": "1 day"}, "gap needs method time"),
        ({"method": "time", "gap": "soon"}, "String should match pattern"),
    ],
)
def test_settings_that_do_not_go_with_the_method_are_refused(settings_of_split: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        SplitConfig(**settings_of_split)


def test_partitions_are_those_of_the_records() -> None:
    assert (PARTITIONS[TRAIN], PARTITIONS[VALIDATION], PARTITIONS[TEST]) == ("train", "validation", "test")
