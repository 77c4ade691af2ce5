from __future__ import annotations

from pathlib import Path
from typing import Literal

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from counterpoise.config import SourceConfig
from counterpoise.errors import ConfigError, MachineError
from counterpoise.ingest import ingest_source
from counterpoise.suggest import _demo_table as sample
from counterpoise.suggest._demo_table import write_sample
from counterpoise.table import SnapshotReader
from tests.limits import file_size_limit

ENDINGS = ["csv", "csv.gz", "tsv", "jsonl", "jsonl.gz", "parquet", "arrow", "feather"]


def test_the_toy_table_has_one_positive_in_ten(tmp_path: Path) -> None:
    table = pq.read_table(write_sample("toy", rows=1000, out=tmp_path / "toy.parquet"))
    assert table.schema.names == ["x1", "x2", "label"]
    assert pc.sum(table["label"]).as_py() == 100


def test_the_fraud_table_is_like_transactions(tmp_path: Path) -> None:
    table = pq.read_table(write_sample("fraud", rows=20_000, out=tmp_path / "fraud.parquet"))
    assert pc.sum(table["is_fraud"]).as_py() == 200
    assert len(pc.unique(table["transaction_id"])) == 20_000
    assert table["device_score"].null_count > 1000
    assert pc.all(pc.equal(pc.utf8_length(table["merchant_code"]), 4)).as_py()
    features = table.drop_columns(["transaction_id", "customer_id", "timestamp"])
    assert features.group_by(features.schema.names).aggregate([]).num_rows < 20_000
    mean = {flag: pc.mean(table.filter(pc.equal(table["is_fraud"], flag))["amount"]).as_py() for flag in (True, False)}
    assert mean[True] > mean[False]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("kind", ["toy", "fraud"])
def test_every_format_is_ingested_with_the_same_values(
    tmp_path: Path, kind: Literal["toy", "fraud"], ending: str
) -> None:
    target = {"toy": "label", "fraud": "is_fraud"}[kind]
    expected = pq.read_table(write_sample(kind, rows=600, out=tmp_path / "expected.parquet", seed=3))
    out = write_sample(kind, rows=600, out=tmp_path / f"sample.{ending}", seed=3)
    snapshot = ingest_source(SourceConfig(path=str(out)), target=target, folder=tmp_path / "work")
    read = SnapshotReader(snapshot).read_columns(expected.schema.names)
    for name in expected.schema.names:
        if name != "timestamp":
            assert read[name].to_pylist() == expected[name].to_pylist(), name


def test_chunks_join_into_one_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "_CHUNK", 300)
    table = pq.read_table(write_sample("fraud", rows=1000, out=tmp_path / "fraud.parquet"))
    assert table.num_rows == 1000
    assert len(pc.unique(table["transaction_id"])) == 1000


def test_an_unknown_ending_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\.parquet, \.arrow"):
        write_sample("toy", rows=10, out=tmp_path / "toy.xlsx")


def test_a_table_that_cannot_be_written_whole_leaves_the_one_that_was_there(tmp_path: Path) -> None:
    out = write_sample("toy", rows=10, out=tmp_path / "toy.csv")
    before = out.read_bytes()
    with file_size_limit(100_000), pytest.raises(MachineError, match=r"file_too_large.*toy\.csv"):
        write_sample("fraud", rows=20_000, out=out)
    assert list(tmp_path.iterdir()) == [out]
    assert out.read_bytes() == before
