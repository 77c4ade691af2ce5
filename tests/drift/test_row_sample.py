from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.config import ColumnsConfig
from counterpoise.drift import _row_sample as sampling
from counterpoise.drift._growth import repeats_among
from counterpoise.drift._row_sample import key_rows, sample_rows, stored_hashes, stored_sample
from tests.snapshots import mixed_table, snapshot_of

COLUMNS = ColumnsConfig(target="label", ids=("id",))


def hashes_of(table: pa.Table, folder: Path) -> list[int]:
    found: list[int] = sample_rows(snapshot_of(table, folder), COLUMNS).hashes.tolist()
    return found


def test_a_row_has_its_hash_wherever_it_stands_and_in_any_type_that_holds_its_values(tmp_path: Path) -> None:
    table = mixed_table(500)
    before = hashes_of(table, tmp_path / "a")
    order = np.random.default_rng(0).permutation(500)
    moved = table.take(pa.array(order))
    retyped = moved.set_column(4, "small", moved["small"].cast(pa.float64()))
    assert hashes_of(retyped, tmp_path / "b") == [before[row] for row in order]
    assert len(set(before)) == 500


@given(
    st.lists(st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]), max_size=80)), max_size=30),
    st.integers(0, 5),
)
def test_the_hash_of_a_text_does_not_depend_on_the_texts_around_it(texts: list[str | None], start: int) -> None:
    whole = sampling._words(pa.array(texts, pa.string())).tolist()
    sliced = sampling._words(pa.array(texts, pa.string()).slice(start)).tolist()
    encoded = sampling._words(pa.array(texts, pa.string()).dictionary_encode()).tolist()
    assert whole == [sampling._words(pa.array([text], pa.string()))[0] for text in texts]
    assert (sliced, encoded) == (whole[start:], whole)


def test_texts_differ_by_what_they_say_and_by_their_length() -> None:
    texts = ["", "a", "b", "ab", "ba", "a\0", "x" * 100, "x" * 101, None]
    assert len(set(sampling._words(pa.array(texts, pa.string())).tolist())) == len(texts)


def test_a_sample_of_a_larger_delivery_holds_the_same_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "_SAMPLED", 800)
    monkeypatch.setattr(sampling, "_STORED", 200)
    table = mixed_table(4_000)
    stored = stored_sample(sample_rows(snapshot_of(table[:1_000], tmp_path / "before"), COLUMNS))
    assert stored is not None
    assert 150 < len(stored_hashes(stored)) < 250
    later = sample_rows(snapshot_of(table, tmp_path / "after"), COLUMNS).below(int(stored.limit))
    early = later.hashes[later.positions < 1_000].tolist()
    assert early == [each for each in stored_hashes(stored).tolist() if each < later.limit]


def test_identifiers_are_told_apart_by_themselves_only(tmp_path: Path) -> None:
    table = mixed_table(300)
    changed = table.set_column(1, "x", pc.add(table["x"], 1.0))
    before, after = (snapshot_of(each, tmp_path / name) for each, name in ((table, "a"), (changed, "b")))
    keys = [key_rows(each, COLUMNS) for each in (before, after)]
    assert keys[0] is not None
    assert keys[1] is not None
    assert keys[0].hashes.tolist() == keys[1].hashes.tolist()
    same = set(sample_rows(before, COLUMNS).hashes.tolist()) & set(sample_rows(after, COLUMNS).hashes.tolist())
    assert len(same) == table["x"].null_count
    assert key_rows(before, ColumnsConfig(target="label")) is None


@pytest.mark.parametrize("values", [30, 300, 3_000, 10**9])
@pytest.mark.parametrize("added", [200, 1_000, 4_000])
def test_as_many_new_rows_are_expected_as_come_where_rows_repeat_by_nature(values: int, added: int) -> None:
    rng = np.random.default_rng(values + added)
    hashes = rng.zipf(1.5, 1_000 + added).astype(np.uint64) % np.uint64(values)
    here = np.arange(1_000 + added) >= 1_000
    found = repeats_among(hashes, here, here)
    assert found is not None
    assert found.new >= found.expected - 4 * np.sqrt(2 * found.expected + 1)
    again = repeats_among(np.concatenate([hashes[:1_000]] * 2), np.arange(2_000) >= 1_000, np.arange(2_000) >= 1_000)
    assert again is not None
    assert again.new == 0
