from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from counterpoise.records import ColumnSchema
from counterpoise.results import SyntheticQuality
from counterpoise.synthetic import _measure as measure
from counterpoise.versions import Version
from tests.snapshots import EngineRun, mixed_table
from tests.synthetic.conftest import Doctor, found_quality, numbers_table, published, quality_of

MakeRun = Callable[..., EngineRun]
MakeDoctored = Callable[[pa.Table, Doctor], EngineRun]


def with_column(recipe: pa.Table, name: str, values: np.ndarray) -> pa.Table:
    return recipe.set_column(recipe.schema.get_field_index(name), name, pa.array(values))


def copies_of_parents(recipe: pa.Table, source: pa.Table) -> pa.Table:
    return with_column(recipe, "lambda", np.zeros(recipe.num_rows))


def test_on_pure_noise_synthetic_rows_lie_in_the_other_class_as_often_as_real_ones(smote_run: MakeRun) -> None:
    (minority,) = found_quality(smote_run(numbers_table(6000, share=0.3))).classes
    near = minority.nearer_to_another_class
    assert near.synthetic is not None
    assert near.real is not None
    assert 0.6 < near.real < 0.8
    assert -0.02 < near.synthetic - near.real < 0.1


def test_shares_of_a_sample_are_about_those_of_all_rows(smote_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    run = smote_run(numbers_table(6000, share=0.1, apart=0.5))
    (whole,) = found_quality(run).classes
    monkeypatch.setattr(measure, "_MOST_REAL", 2_000)
    quality = found_quality(run)
    assert 0.3 < quality.even_share < 0.7
    (part,) = quality.classes
    assert part.real_looked_at == part.real_rows
    for name in ("synthetic", "real"):
        there, here = getattr(whole.nearer_to_another_class, name), getattr(part.nearer_to_another_class, name)
        assert abs(there - here) < 0.1


def test_between_classes_far_apart_no_synthetic_row_lies_in_the_other_class(smote_run: MakeRun) -> None:
    (minority,) = found_quality(smote_run(numbers_table(3000, apart=20.0))).classes
    assert minority.name == "1"
    assert minority.nearer_to_another_class.model_dump() == {
        "synthetic": 0.0,
        "real": 0.0,
        "synthetic_with_parents": 0.0,
    }


def test_smote_rows_lie_nearer_to_real_rows_than_these_to_each_other(smote_run: MakeRun) -> None:
    (minority,) = found_quality(smote_run(numbers_table(3000))).classes
    assert minority.distances.synthetic[10] < 0.8 * minority.distances.real[10]
    assert list(minority.distances.synthetic) == sorted(minority.distances.synthetic)


def test_rows_from_the_edge_of_their_class_are_found_to_have_drifted(run_doctored: MakeDoctored) -> None:
    def from_the_top(recipe: pa.Table, source: pa.Table) -> pa.Table:
        parents = np.unique(recipe["parent_a"].to_numpy())
        top = parents[np.argsort(-source["x3"].to_numpy()[parents])[:30]]
        chosen = np.resize(top, recipe.num_rows)
        return with_column(with_column(recipe, "parent_a", chosen), "parent_b", np.roll(chosen, 1))

    (minority,) = found_quality(run_doctored(numbers_table(3000), from_the_top)).classes
    worst, second = minority.drift[:2]
    assert worst.column == "x3"
    assert worst.drift > 0.8
    assert worst.p_value < 1e-6
    assert worst.mean_difference is not None
    assert worst.mean_difference > 1.5
    assert second.drift < worst.drift / 2


def test_copies_of_real_rows_and_repetitions_are_counted_exactly(run_doctored: MakeDoctored) -> None:
    def half_copies(recipe: pa.Table, source: pa.Table) -> pa.Table:
        steps = np.where(np.arange(recipe.num_rows) < 100, 0.0, recipe["lambda"].to_numpy())
        return with_column(recipe, "lambda", steps)

    run = run_doctored(numbers_table(3000), half_copies)
    (minority,) = found_quality(run).classes
    parents = published(run.version).to_arrow("keys/train").filter(pc.field("lambda") == 0)["parent_a"]
    assert minority.copies_of_own_class == len(parents) == 100
    assert minority.repetitions == 100 - len(pc.unique(parents))
    assert minority.copies_of_another_class == 0
    assert minority.real_repetitions == 0
    assert minority.distances.synthetic[0] == 0


def test_copies_are_counted_among_all_rows_not_the_sample(
    run_doctored: MakeDoctored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure, "_MOST_REAL", 300)
    quality = found_quality(run_doctored(numbers_table(3000), copies_of_parents))
    assert quality.real_looked_at <= 300
    assert quality.synthetic_looked_at <= 30
    assert quality.classes[0].copies_of_own_class == quality.synthetic_rows > 1000


def test_copies_of_a_row_of_another_class_are_told_apart(run_doctored: MakeDoctored) -> None:
    table = numbers_table(2000)
    features = table.drop_columns(["label"])
    ones = features.filter(pc.equal(table["label"], 1))
    twins = ones.append_column("label", pa.array(np.zeros(ones.num_rows, "i1")))
    (minority,) = found_quality(run_doctored(pa.concat_tables([table, twins]), copies_of_parents)).classes
    assert minority.copies_of_another_class == minority.copies_of_own_class == minority.synthetic_rows


@pytest.mark.parametrize("strategy", ["none", "random_over", "random_under"])
def test_a_version_without_synthetic_rows_has_no_quality(smote_run: MakeRun, strategy: str) -> None:
    assert quality_of(smote_run(mixed_table(600), resampling={"strategy": strategy})) is None


def test_mixed_columns_are_compared_by_kind(smote_run: MakeRun) -> None:
    columns = {"target": "label", "ids": ["id"], "categorical": ["small"]}
    (minority,) = found_quality(smote_run(mixed_table(3000, share=0.2), columns=columns)).classes
    kinds = {drift.column: drift.kind for drift in minority.drift}
    assert {name for name, kind in kinds.items() if kind == "voted"} == {"small", "flag", "word", "kind"}
    assert set(kinds) == set(mixed_table(1).schema.names) - {"id", "label"}
    assert minority.columns == len(kinds)


def test_every_growing_class_is_told_the_one_with_most_synthetic_rows_first(smote_run: MakeRun) -> None:
    rng = np.random.default_rng(0)
    label = np.array(["many", "some", "few"])[np.searchsorted([0.7, 0.9], rng.random(2000))]
    quality = found_quality(smote_run(pa.table({"x": rng.normal(size=2000), "y": rng.random(2000), "label": label})))
    assert [part.name for part in quality.classes] == ["few", "some"]
    assert sum(part.synthetic_rows for part in quality.classes) == quality.synthetic_rows


def test_the_numbers_survive_json(smote_run: MakeRun) -> None:
    quality = found_quality(smote_run(mixed_table(900, share=0.2)))
    assert SyntheticQuality.model_validate_json(quality.model_dump_json()) == quality


def lay_out_anew(version: Version, files: int, seed: int) -> None:
    """Write the train rows in another order and into so many part files, in row groups of any size."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(version.manifest.partitions["train"].rows)
    tables = {part: version.to_arrow(part).take(pa.array(order)) for part in ("train", "keys/train")}
    for part, table in tables.items():
        folder = version.path(part)
        for path in folder.glob("*.parquet"):
            path.unlink()
        edges = np.linspace(0, table.num_rows, files + 1).astype(int)
        for number, (start, stop) in enumerate(pairwise(edges)):
            pq.write_table(table[start:stop], folder / f"part-{number:05d}.parquet", row_group_size=137)


@pytest.mark.parametrize("limit", [50_000, 400], ids=["all rows", "a sample"])
def test_the_result_depends_on_the_rows_not_on_their_files(
    smote_run: MakeRun, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    monkeypatch.setattr(measure, "_MOST_REAL", limit)
    run = smote_run(mixed_table(2000, share=0.2), columns={"target": "label", "ids": ["id"]})
    before = found_quality(run)
    assert before == found_quality(run)
    lay_out_anew(published(run.version), files=4, seed=1)
    assert found_quality(run) == before


def test_another_seed_looks_at_another_sample(smote_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "_MOST_REAL", 400)
    run = smote_run(mixed_table(2000, share=0.2))
    assert quality_of(run, seed=1) != quality_of(run, seed=2)


@pytest.mark.slow
def test_very_wide_tables_tell_the_columns_that_drift_most(smote_run: MakeRun) -> None:
    rng = np.random.default_rng(0)
    wide = {f"x{i}": rng.normal(size=300) for i in range(230)}
    quality = found_quality(smote_run(pa.table({**wide, "label": (rng.random(300) < 0.2).astype("i1")})))
    (minority,) = quality.classes
    assert minority.columns == 230
    assert len(minority.drift) == 200
    assert quality.notes == ("of the 230 columns, the 200 that drift most are shown for each class",)


def test_the_train_files_make_a_snapshot_of_the_published_columns(smote_run: MakeRun) -> None:
    from counterpoise.synthetic._train_files import train_snapshot
    from counterpoise.table import SnapshotReader, check_unchanged

    run = smote_run(mixed_table(600, share=0.2), columns={"target": "label", "ids": ["id"]})
    version = published(run.version)
    snapshot = train_snapshot(version)
    check_unchanged(snapshot)
    table = SnapshotReader(snapshot).read_columns([column.name for column in snapshot.columns])
    assert table.equals(version.to_arrow("train"))
    assert snapshot.columns[-1] == ColumnSchema(name="label", type="int8")
