from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from counterpoise.config import ColumnsConfig, SplitConfig
from counterpoise.drift import _profile as profiling
from counterpoise.drift._profile import profile_source
from counterpoise.drift._records import SourceProfile
from tests.snapshots import mixed_table, snapshot_of

COLUMNS = ColumnsConfig(target="label", ids=("id",), drop=("left",))


def table(rows: int = 3_000) -> pa.Table:
    rng = np.random.default_rng(1)
    label = np.where(rng.random(rows) < 0.1, "yes", "no")
    amount = rng.normal(size=rows) + (label == "yes") * 10
    holes = (label == "yes") & (rng.random(rows) < 0.5)
    return pa.table(
        {
            "id": np.arange(rows),
            "amount": pa.array(amount, mask=holes),
            "kind": rng.choice(["a", "b"], rows),
            "left": ["x"] * rows,
            "label": label,
        }
    )


@pytest.fixture
def profile(tmp_path: Path) -> SourceProfile:
    return profile_source(snapshot_of(table(), tmp_path, group_rows=700), COLUMNS, SplitConfig())


def test_a_profile_knows_schema_classes_and_features(profile: SourceProfile) -> None:
    assert (profile.rows, profile.target, profile.minority, profile.unused) == (3_000, "label", "yes", ("left",))
    assert [column.name for column in profile.columns] == ["id", "amount", "kind", "left", "label"]
    assert [feature.name for feature in profile.features] == ["amount", "kind"]
    assert profile.classes["yes"] == sum(value == "yes" for value in table()["label"].to_pylist())


def test_the_minority_class_is_described_apart(profile: SourceProfile) -> None:
    amount = profile.features[0]
    assert amount.minority_rows == profile.classes["yes"]
    assert amount.missing == amount.minority_missing == table()["amount"].null_count
    assert amount.minority is not None
    assert sum(amount.minority.counts) == amount.minority_rows - amount.minority_missing
    assert min(amount.minority.edges) > 5


def test_the_same_source_gives_the_same_profile_however_it_is_stored(profile: SourceProfile, tmp_path: Path) -> None:
    again = profile_source(snapshot_of(table(), tmp_path / "again", group_rows=3_000), COLUMNS, SplitConfig())
    assert again == profile
    assert SourceProfile.model_validate_json(profile.model_dump_json()) == profile


def test_large_sources_are_sampled_evenly_and_counted_fully(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiling, "_SAMPLE", 500)
    amount = profile_source(snapshot_of(table(), tmp_path, group_rows=700), COLUMNS, SplitConfig()).features[0]
    assert amount.distribution is not None
    assert 450 < sum(amount.distribution.counts) <= 500
    assert (amount.rows, amount.missing) == (3_000, table()["amount"].null_count)


def test_every_type_of_column_can_be_profiled(tmp_path: Path) -> None:
    profile = profile_source(
        snapshot_of(mixed_table(600), tmp_path), ColumnsConfig(target="label", ids=("id",)), SplitConfig()
    )
    assert len(profile.features) == mixed_table(600).num_columns - 2


@pytest.mark.parametrize(
    ("classes", "expected"),
    [({"a": 500, "b": 100}, "b"), ({"a": 500, "b": 99}, ""), ({"a": 5_000, "b": 300, "c": 50}, "b"), ({"a": 500}, "")],
)
def test_only_a_class_with_enough_rows_is_described(classes: dict[str, int], expected: str) -> None:
    assert profiling.described_minority(classes) == expected
