"""Every Arrow type goes through the whole run with its values, or is refused by its name where it comes in."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from counterpoise.config import BalanceConfig
from counterpoise.drift import profile_source
from counterpoise.errors import InputError, ResamplingError
from counterpoise.evaluate import compare_strategies, load_tables
from counterpoise.expectations.suites import configured_suites, source_suites
from counterpoise.ingest._stage import ingest_source
from counterpoise.ingest._tables.types import carried_type
from counterpoise.persist import publish_version
from counterpoise.records import Snapshot
from counterpoise.resample import plan_resampling
from counterpoise.split import split_snapshot
from counterpoise.synthetic import review_synthetic_rows
from counterpoise.validate import validate_snapshot
from counterpoise.verify._version import verify_version
from counterpoise.versions import Version, open_version

ROWS = 400
WHOLE = np.random.default_rng(0).integers(0, 50, ROWS)
WORDS = [f"w{number % 5}" for number in WHOLE]
NUMBERS = [Decimal(int(number)) / 4 for number in WHOLE]


def whole(kind: pa.DataType, storage: pa.DataType | None = None) -> pa.Array:
    return pa.array(WHOLE, storage or pa.int64()).cast(kind)


AS_THEY_ARE: dict[str, pa.Array] = {
    "bool": pa.array(WHOLE > 25),
    "binary": pa.array([word.encode() for word in WORDS]),
    "large_binary": pa.array([word.encode() for word in WORDS], pa.large_binary()),
    "fixed_binary": pa.array([word.encode() for word in WORDS], pa.binary(2)),
    "string": pa.array(WORDS),
    "large_string": pa.array(WORDS, pa.large_string()),
    "dictionary": pa.array(WORDS).dictionary_encode(),
    "float16": pa.array(WHOLE.astype("f2")),
    "float32": pa.array(WHOLE.astype("f4")),
    "uint64": pa.array(2**63 + WHOLE.astype("u8"), pa.uint64()),
    "int8": pa.array(WHOLE, pa.int8()),
    "duration": whole(pa.duration("s")),
    "time32": whole(pa.time32("ms"), pa.int32()),
    "time64": whole(pa.time64("us")),
    "date32": whole(pa.date32(), pa.int32()),
    "timestamp": whole(pa.timestamp("ns", "Europe/Berlin")),
    "decimal128": pa.array(NUMBERS, pa.decimal128(20, 2)),
    "decimal256": pa.array(NUMBERS, pa.decimal256(50, 2)),
}
"""Types that are carried as they are."""

RETYPED: dict[str, tuple[pa.Array, pa.DataType]] = {
    "string_view": (pa.array([*WORDS[:-1], None], pa.string_view()), pa.string()),
    "binary_view": (pa.array([word.encode() for word in WORDS], pa.binary_view()), pa.binary()),
    "decimal32": (pa.array(NUMBERS, pa.decimal32(7, 2)), pa.decimal128(7, 2)),
    "decimal64": (pa.array(NUMBERS, pa.decimal64(12, 2)), pa.decimal128(12, 2)),
    "time32 s": (whole(pa.time32("s"), pa.int32()), pa.time32("ms")),
    "time64 ns": (pa.array(WHOLE * 1000).cast(pa.time64("ns")), pa.time64("us")),
    "date64": (pa.array(WHOLE * 86_400_000).cast(pa.date64()), pa.date32()),
    "timestamp s": (whole(pa.timestamp("s", "UTC")), pa.timestamp("ms", "UTC")),
    "dictionary of numbers": (pa.array(WHOLE).dictionary_encode(), pa.int64()),
    "dictionary of views": (
        pa.DictionaryArray.from_arrays(pa.array(WHOLE % 3, pa.int32()), pa.array(list("pqr"), pa.string_view())),
        pa.dictionary(pa.int32(), pa.string()),
    ),
}
"""Types whose values are carried in another one."""

REFUSED: dict[str, pa.Array] = {
    "interval": pa.array([(1, 2, 3)] * ROWS, pa.month_day_nano_interval()),
    "run_end_encoded": pa.RunEndEncodedArray.from_arrays(pa.array([100, ROWS], pa.int32()), pa.array([1, 2])),
    "dense_union": pa.UnionArray.from_dense(
        pa.array([0] * ROWS, pa.int8()), pa.array(range(ROWS), pa.int32()), [pa.array(WHOLE)]
    ),
    "list<item: string_view>": pa.array([[word] for word in WORDS], pa.list_(pa.string_view())),
    "struct<a: decimal32": pa.array([{"a": number} for number in NUMBERS], pa.struct({"a": pa.decimal32(7, 2)})),
    "dictionary<values=binary_view": pa.DictionaryArray.from_arrays(
        pa.array(WHOLE % 2, pa.int32()), pa.array([b"p", b"q"], pa.binary_view())
    ),
}
"""Types that no other one stands in for."""


def written(folder: Path, columns: dict[str, pa.Array]) -> Path:
    """Write an Arrow file of several batches: Parquet itself would change some of the types."""
    rng = np.random.default_rng(1)
    label = (np.arange(ROWS) % 5 == 0).astype(int)
    table = pa.table({"x": rng.normal(size=ROWS), **columns, "label": label})
    with pa.ipc.new_file(folder / "t.arrow", table.schema) as writer:
        writer.write_table(table, max_chunksize=150)
    return folder / "t.arrow"


@dataclass(frozen=True)
class Run:
    """A source that went through all stages."""

    snapshot: Snapshot
    version: Version


def whole_run(source: Path, strategy: str, columns: dict[str, Any] | None = None) -> Run:
    """Take a source through every stage, without Prefect."""
    folder = source.parent
    config = BalanceConfig.model_validate({
        "name": "types", "source": {"path": str(source)}, "columns": {"target": "label", **(columns or {})},
        "split": {"duplicates": "ignore"}, "resampling": {"strategy": strategy},
        "output": {"root": str(folder / "root")},
        "evaluation": {"learners": ["logistic_regression"], "bootstrap": 100},
    })  # fmt: skip
    snapshot = ingest_source(config.source, target="label", folder=folder / "ingest")
    suites = configured_suites(config, snapshot)
    validation = validate_snapshot(snapshot, suites, config=config.validation, folder=folder / "validate")
    profile_source(snapshot, config.columns, config.split)
    split = split_snapshot(
        snapshot, columns=config.columns, config=config.split, validation=validation, seed=0, folder=folder / "split"
    )
    plan = plan_resampling(
        snapshot, split, columns=config.columns, config=config.resampling, seed=0, folder=folder / "plan"
    )
    made = publish_version(config, snapshot=snapshot, validation=validation, split=split, resampling=plan)
    assert verify_version(made.root, made.dataset, made.version) == []
    tables = load_tables(config, snapshot=snapshot, split=split, version=made)
    assert compare_strategies(tables, strategy=strategy, config=config.evaluation, seed=0)["verdict"]
    suites = source_suites(config, snapshot)
    review = review_synthetic_rows(config, snapshot=snapshot, split=split, version=made, suites=suites)
    assert (review is None) == (plan.synthetic == 0)
    return Run(snapshot, open_version(f"{made.root}/{made.dataset}"))


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["smote", "random_over", "near_miss"])
def test_every_type_goes_through_the_whole_run_with_its_values(tmp_path: Path, strategy: str) -> None:
    source = written(tmp_path, AS_THEY_ARE | {name: column for name, (column, _) in RETYPED.items()})
    run = whole_run(source, strategy)
    (note,) = run.snapshot.notes
    assert "converted to another type that holds the same values: 'string_view' (string_view as string)" in note
    train, keys = run.version.to_arrow("train"), run.version.to_arrow("keys/train")
    real = pc.not_equal(keys["origin"], "synthetic")
    rows = keys["source_row"].filter(real).to_numpy()
    wanted = {name: (column, column.type) for name, column in AS_THEY_ARE.items()} | RETYPED
    for name, (column, kind) in wanted.items():
        assert train.schema.field(name).type == kind, name
        source_values = column.to_pylist()
        assert train[name].filter(real).to_pylist() == [source_values[row] for row in rows], name
    assert run.version.to_pandas("train").shape == train.shape


def test_parquet_files_with_such_types_are_copied_in_other_types_too(tmp_path: Path) -> None:
    table = pa.table({name: RETYPED[name][0] for name in ("string_view", "decimal32")} | {"label": WHOLE})
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=150)
    config = BalanceConfig.model_validate({
        "name": "types", "source": {"path": str(tmp_path / "t.parquet")}, "columns": {"target": "label"}
    })  # fmt: skip
    snapshot = ingest_source(config.source, target="label", folder=tmp_path / "ingest")
    assert [column.type for column in snapshot.columns] == ["string", "decimal128(7, 2)", "int64"]
    (file,) = snapshot.files
    assert Path(file.path).parent == tmp_path / "ingest"
    assert file.stamp is None
    assert pq.read_table(file.path).to_pylist() == table.to_pylist()


def test_the_same_source_has_the_same_digest_whether_or_not_it_is_copied(tmp_path: Path) -> None:
    source = written(tmp_path, {"f": RETYPED["string_view"][0]})
    config = BalanceConfig.model_validate({
        "name": "types", "source": {"path": str(source)}, "columns": {"target": "label"}
    })  # fmt: skip
    first, again = (ingest_source(config.source, target="label", folder=tmp_path / name) for name in "ab")
    assert first.digest == again.digest
    assert Path(first.files[0].path).read_bytes() == Path(again.files[0].path).read_bytes()


@pytest.mark.parametrize("name", REFUSED)
def test_a_type_that_cannot_be_carried_is_refused_by_name_where_it_comes_in(tmp_path: Path, name: str) -> None:
    source = written(tmp_path, {"f": REFUSED[name]})
    with pytest.raises(InputError, match=r"unsupported_type.*write the file again without the column") as caught:
        whole_run(source, "smote")
    assert f"'f' of type {'month_day_nano' if name == 'interval' else name}" in str(caught.value)


@pytest.mark.parametrize(
    ("column", "named"),
    [
        (whole(pa.time64("ns")), r"'f' that time64\[us\] holds exactly.*time64\[ns\]"),
        (pa.array(WHOLE * 86_400_000 + 1).cast(pa.date64()), r"'f' that date32\[day\] holds exactly"),
        (pa.array([2**60] * ROWS, pa.timestamp("s")), r"'f' that timestamp\[ms\] holds exactly"),
    ],
)
def test_values_that_would_not_come_out_the_same_are_refused(tmp_path: Path, column: pa.Array, named: str) -> None:
    with pytest.raises(InputError, match=f"inexact_type.*{named}"):
        whole_run(written(tmp_path, {"f": column}), "smote")


def test_a_column_of_nulls_alone_is_refused_by_the_contract(tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"feature_entirely_missing.*'?f'?"):
        whole_run(written(tmp_path, {"f": pa.nulls(ROWS)}), "smote")


UUIDS = pa.array([number.to_bytes(16, "big") for number in range(ROWS)], pa.uuid())


@pytest.mark.parametrize("strategy", ["smote", "random_over"])
def test_a_feature_of_an_extension_type_is_refused_with_a_remedy(tmp_path: Path, strategy: str) -> None:
    with pytest.raises(ResamplingError, match=r"'f' of type extension<arrow.uuid>.*columns\.ids"):
        whole_run(written(tmp_path, {"f": UUIDS}), strategy)


@pytest.mark.slow
def test_an_identifier_may_be_of_an_extension_type(tmp_path: Path) -> None:
    run = whole_run(written(tmp_path, {"f": UUIDS}), "random_over", {"ids": ["f"]})
    keys = run.version.to_arrow("keys/test")
    assert keys["f"].to_pylist() == [UUIDS[row].as_py() for row in keys["source_row"].to_pylist()]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["list", "large_list", "fixed_list", "struct", "map"])
def test_nested_features_are_refused_by_neighbours_and_repeated_as_they_are(tmp_path: Path, kind: str) -> None:
    lists = [[int(number)] for number in WHOLE]
    column = {
        "list": pa.array(lists),
        "large_list": pa.array(lists, pa.large_list(pa.int64())),
        "fixed_list": pa.array(lists, pa.list_(pa.int64(), 1)),
        "struct": pa.array([{"a": number} for number in WHOLE]),
        "map": pa.array([[("a", number)] for number in WHOLE], pa.map_(pa.string(), pa.int64())),
    }[kind]
    source = written(tmp_path, {"f": column})
    run = whole_run(source, "random_over")
    rows = run.version.to_arrow("keys/train")["source_row"].to_pylist()
    assert run.version.to_arrow("train")["f"].to_pylist() == [column[row].as_py() for row in rows]
    with pytest.raises(ResamplingError, match=r"unsupported_feature_type.*'f' of type"):
        whole_run(source, "smote")


def test_a_type_that_is_carried_stays_carried() -> None:
    for column in [*AS_THEY_ARE.values(), *(column for column, _ in RETYPED.values())]:
        once = carried_type(column.type)
        assert once is not None
        assert carried_type(once) == once
