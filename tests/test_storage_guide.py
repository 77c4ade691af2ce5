"""What docs/storage.md shows works: its commands and snippets are run against a bucket of that name."""

from __future__ import annotations

import shlex
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from counterpoise.config import BalanceConfig, build_config
from counterpoise.flows.command_line import run_command
from counterpoise.storage import store_at
from counterpoise.suggest import write_sample
from counterpoise.versions import open_version
from tests.ingest.postgres import Cluster, postgres_cluster
from tests.object_store import use_endpoint
from tests.test_documents import blocks

pytestmark = pytest.mark.slow

GUIDE = "docs/storage.md"
READER = "reader-s3cret"


def configurations() -> list[BalanceConfig]:
    return [build_config(yaml.load(text, Loader=yaml.BaseLoader)) for text in blocks("yaml", GUIDE)]  # noqa: S506  # texts


def commands() -> list[list[str]]:
    lines = [line for block in blocks("sh", GUIDE) for line in block.splitlines()]
    return [words[1:] for line in lines if (words := shlex.split(line, comments=True))[:1] == ["counterpoise"]]


@pytest.fixture
def shop_data(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The bucket of the guide, with its table, and its configuration in the working folder."""
    use_endpoint(monkeypatch, s3_endpoint)
    monkeypatch.chdir(tmp_path)
    request = urllib.request.Request(f"{s3_endpoint}/shop-data", method="PUT")  # noqa: S310  # our own server
    urllib.request.urlopen(request, timeout=10).close()  # noqa: S310  # our own server
    store_at("s3://shop-data").put("raw/transactions.csv", write_sample("fraud", rows=3_000, out=Path("t.csv"), seed=0))
    Path("fraud.yaml").write_text(blocks("yaml", GUIDE)[0])


def test_the_configurations_of_the_guide_are_some() -> None:
    bucket, database, lake, web = configurations()
    assert bucket.output.root == "s3://shop-data/datasets"
    assert "${SHOP_PASSWORD}" in database.source.url.get_secret_value()
    assert lake.source.version == "12"
    assert len(web.source.sha256) == 64


def test_commands_and_snippets_of_the_guide_run(shop_data: None, prefect_server: None) -> None:
    read, save = blocks("python", GUIDE)
    first, *shown, with_block = commands()
    assert run_command(first) == 0
    for words in shown:
        assert run_command(words) == 0, words
    found: dict[str, object] = {}
    exec(read, found)  # noqa: S102  # our own document
    assert len(found["train"]) > 0  # type: ignore[arg-type]  # a frame
    assert list(Path(str(found["folder"])).glob("*.parquet"))
    exec(save.replace('"…"', '"tester"'), {})  # noqa: S102  # our own document
    assert run_command(with_block) == 0


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Cluster]:
    """The database of the guide, with its user, who may only read, and its table."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHOP_PASSWORD", READER)
    write_sample("fraud", rows=2_000, out=Path("t.parquet"), seed=0)
    with postgres_cluster() as cluster:
        cluster.run("CREATE DATABASE shop")
        cluster.run(f"CREATE ROLE reader LOGIN PASSWORD '{READER}' IN ROLE pg_read_all_data")
        with psycopg.connect(
            host=str(cluster.socket), user=cluster.user, password=cluster.password, dbname="shop"
        ) as connection:
            copy_table(connection, pq.read_table("t.parquet"))
        yield cluster


def copy_table(connection: psycopg.Connection[Any], table: pa.Table) -> None:
    """Write a table of texts, all features declared as such, and the label as a boolean."""
    types = {"is_fraud": "boolean", "amount": "numeric", "timestamp": "timestamptz"}
    columns = ", ".join(f"{name} {types.get(name, 'text')}" for name in table.column_names)
    connection.execute(f"CREATE TABLE transactions ({columns})".encode())
    with connection.cursor().copy("COPY transactions FROM STDIN") as copy:
        for row in zip(*table.to_pydict().values(), strict=True):
            copy.write_row(row)


def test_the_database_of_the_guide_is_read_as_shown(shop: Cluster, prefect_server: None) -> None:
    """Only the host is another one: the socket of the tests' cluster."""
    text = blocks("yaml", GUIDE)[1]
    assert "@db.example/shop" in text
    Path("fraud.yaml").write_text(text.replace("@db.example/shop", f"@/shop?host={shop.socket}"))
    assert run_command(["run", "fraud.yaml", "--set", "evaluation.enabled=false"]) == 0
    version = open_version("datasets/fraud")
    assert sum(part.rows for part in version.record.partitions.values()) >= 2_000
    assert READER not in (Path("datasets/fraud/versions/00000001.json")).read_text()


def test_every_reason_of_the_guide_is_one() -> None:
    root = Path(__file__).parents[1]
    code = "".join(path.read_text() for path in (root / "counterpoise").rglob("*.py"))
    rows = [line.split("|")[1] for line in (root / GUIDE).read_text().splitlines() if line.startswith("| `")]
    reasons = [word.strip(" `") for row in rows for word in row.split(",") if "://" not in word]
    assert len(reasons) > 8
    assert [reason for reason in reasons if f'"{reason}"' not in code] == []
