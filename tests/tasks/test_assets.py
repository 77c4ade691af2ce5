from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prefect.assets import Asset

from counterpoise.config import SourceConfig
from counterpoise.tasks.announce import dataset_key, source_key


@pytest.mark.parametrize(
    ("root", "key"),
    [
        ("s3://bucket/training", "s3://bucket/training/fraud"),
        ("S3://Bucket/training/", "s3://Bucket/training/fraud"),
        ("gs://bucket", "gs://bucket/fraud"),
        ("/data/sets", "file:///data/sets/fraud"),
        ("/data/our sets [new]", "file:///data/our~20sets~20~5bnew~5d/fraud"),
    ],
)
def test_a_dataset_is_known_by_where_it_lies(root: str, key: str) -> None:
    assert dataset_key(root, "fraud") == key
    assert Asset(key=key)


def test_a_relative_root_is_known_by_its_absolute_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert dataset_key("datasets", "fraud") == f"file://{tmp_path.as_posix()}/datasets/fraud"


@given(st.text(min_size=1, max_size=600))
def test_every_root_gives_a_key_that_prefect_accepts(root: str) -> None:
    assert Asset(key=dataset_key(f"/{root}", "fraud"))


def test_long_roots_that_differ_give_keys_that_differ() -> None:
    assert len({dataset_key(f"/{'long' * 200}/{each}", "fraud") for each in "ab"}) == 2


def test_a_source_is_known_by_its_table_and_by_no_secret() -> None:
    url = "postgresql+psycopg://ann:${HUNTER2}@db.example:5432/shop?password=${HUNTER3}"
    assert source_key(SourceConfig(url=url, table="sales")) == "postgresql://db.example:5432/shop/sales"
    query = source_key(SourceConfig(url=url, query="select 'hunter4'"))
    assert query.startswith("postgresql://db.example:5432/shop/query-")
    assert "hunter" not in query.lower()


@pytest.mark.parametrize("url", ["${DSN}", "${SCHEME}://ann:${HUNTER2}@db/shop", "sqlite:////srv/shop.db"])
def test_every_url_gives_a_key_that_prefect_accepts(url: str) -> None:
    key = source_key(SourceConfig(url=url, table="a table"))
    assert Asset(key=key)
    assert "hunter" not in key.lower()
