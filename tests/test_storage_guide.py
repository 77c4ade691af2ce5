"""What docs/storage.md shows works: its commands and snippets are run against a bucket of that name."""

from __future__ import annotations

import shlex
import urllib.request
from pathlib import Path

import pytest
import yaml

from counterpoise.core.config import BalanceConfig
from counterpoise.core.config_file import build_config
from counterpoise.core.sample import write_sample
from counterpoise.core.storage import store_at
from counterpoise.flows.command_line import run_command
from tests.object_store import use_endpoint
from tests.test_documents import blocks

GUIDE = "docs/storage.md"


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
    bucket, database = configurations()
    assert bucket.output.root == "s3://shop-data/datasets"
    assert "${SHOP_PASSWORD}" in database.source.url.get_secret_value()


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


def test_every_reason_of_the_guide_is_one() -> None:
    root = Path(__file__).parents[1]
    code = "".join(path.read_text() for path in (root / "core").rglob("*.py"))
    rows = [line.split("|")[1] for line in (root / GUIDE).read_text().splitlines() if line.startswith("| `")]
    reasons = [word.strip(" `") for row in rows for word in row.split(",") if "://" not in word]
    assert len(reasons) > 8
    assert [reason for reason in reasons if f'"{reason}"' not in code] == []
