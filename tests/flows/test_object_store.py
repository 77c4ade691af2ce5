"""The flow with its source and its datasets in a bucket, and the keys in a Prefect block."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from prefect.blocks.system import Secret
from prefect.settings import PREFECT_LOCAL_STORAGE_PATH, PREFECT_SERVER_DATABASE_CONNECTION_URL

from counterpoise.errors import ConfigError, StorageError
from counterpoise.evaluate import find_evaluation
from counterpoise.flows.balance import balance
from counterpoise.flows.command_line import run_command
from counterpoise.flows.compare import compare
from counterpoise.flows.monitor import monitor
from counterpoise.storage import store_at
from counterpoise.storage._objects import ObjectStore
from counterpoise.versions import open_version
from tests.flows.tables import configured
from tests.object_store import SECRET

SOURCE = "x,label\n" + "".join(f"{n * 7919 % 1000 / 1000},{'yes' if n % 6 == 0 else 'no'}\n" for n in range(400))


def places() -> list[Path]:
    database = Path(str(PREFECT_SERVER_DATABASE_CONNECTION_URL.value()).removeprefix("sqlite+aiosqlite:///"))
    return [database.parent, PREFECT_LOCAL_STORAGE_PATH.value()]


def files_with(text: str) -> list[Path]:
    files = [path for folder in places() for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if text.encode() in path.read_bytes()]


def test_a_run_from_bucket_to_bucket_with_the_keys_of_a_block(
    tmp_path: Path,
    bucket: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    store_at(bucket).replace("raw/t.csv", SOURCE.encode())
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    Secret(value={"AWS_ACCESS_KEY_ID": "tester", "AWS_SECRET_ACCESS_KEY": SECRET}).save("bucket", overwrite=True)
    config = configured(
        tmp_path,
        "evaluation.learners=[logistic_regression]",
        "evaluation.bootstrap=0",
        name="in-a-bucket",
        columns={"target": "label"},
        source={"path": f"{bucket}/raw/t.csv", "credentials_block": "secret/bucket"},
        output={"root": f"{bucket}/datasets", "credentials_block": "secret/bucket"},
        promotion={"rule": "always"},
    )
    version = balance(config)
    assert (version.root, version.version, version.created) == (f"{bucket}/datasets", 1, True)

    downloaded: list[str] = []
    monkeypatch.setattr(ObjectStore, "get", lambda _, file, __: downloaded.append(file.name))
    assert balance(config).created is False
    assert downloaded == [], "an unchanged source is known by what the store tells of it"

    told = "".join(capfd.readouterr()) + caplog.text
    assert SECRET not in told
    assert files_with("in-a-bucket"), "the search finds what is there"
    assert files_with(SECRET) == []
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "tester")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    stored = store_at(bucket)
    assert not any(SECRET.encode() in stored.read(file.name) for file in stored.files(""))
    assert find_evaluation(version) is not None
    assert open_version(f"{bucket}/datasets/in-a-bucket@promoted").number == 1


def test_the_command_line_reads_versions_in_a_bucket(
    tmp_path: Path, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    store_at(bucket).replace("raw/t.csv", SOURCE.encode())
    overrides = [f"source.path={bucket}/raw/t.csv", f"output.root={bucket}/datasets", "evaluation.enabled=false"]
    (tmp_path / "c.yaml").write_text("name: listed\nsource: {path: x}\ncolumns: {target: label}\n")
    settings = [word for override in overrides for word in ("--set", override)]
    address = f"{bucket}/datasets/listed"
    raw = f"{bucket}/raw/t.csv"
    commands: list[list[str]] = [
        ["init", raw, "--target", "label", "--name", "proposed", "--out", str(tmp_path)],
        ["run", str(tmp_path / "c.yaml"), *settings],
        ["versions", f"{bucket}/datasets"],
        ["versions", address],
        ["show", f"{address}@1"],
        ["verify", address],
        ["promote", address],
        ["rebuild", address, "--source", raw],
    ]
    for command in commands:
        assert run_command(command) == 0, command
    assert f"path: {raw}" in (tmp_path / "proposed.yaml").read_text().replace('"', "")
    printed = capsys.readouterr().out
    assert f"manifest {address}/versions/00000001.json" in printed
    assert "files, facts of the manifest and leakage certificate hold" in printed
    assert "identical to the stored bytes" in printed


@pytest.mark.parametrize(
    ("sections", "error", "match"),
    [
        ({"output": {"root": "s3://there-is-no-such-bucket/x"}}, StorageError, "no_such_bucket"),
        ({"source": {"path": "s3://there-is-no-such-bucket/x"}}, StorageError, "no_such_bucket"),
        ({"output": {"credentials_block": "secret/not-saved"}}, ConfigError, "no such block"),
    ],
)
def test_what_is_missing_is_told(
    tmp_path: Path, bucket: str, sections: dict[str, Any], error: type[Exception], match: str
) -> None:
    table = tmp_path / "t.csv"
    table.write_text(SOURCE)
    settings = {"source": {"path": str(table)}, **sections}
    with pytest.raises(error, match=match):
        balance(configured(tmp_path, name="missing", **settings))


def test_a_tournament_and_a_check_read_and_keep_what_lies_in_a_bucket(tmp_path: Path, bucket: str) -> None:
    store = store_at(bucket)
    store.replace("raw/t.csv", SOURCE.encode())
    config = configured(
        tmp_path,
        "evaluation.enabled=false",
        name="watched",
        columns={"target": "label"},
        source={"path": f"{bucket}/raw/t.csv"},
        output={"root": f"{bucket}/datasets"},
        tournament={"strategies": ["random_over"], "learners": ["logistic_regression"], "folds": 2, "workers": 1},
    )
    balance(config)
    board = compare(config)
    assert {entry.strategy for entry in board.entries} >= {"none", "random_over"}
    assert [file.name for file in store.files("datasets/watched/tournaments/") if file.name.endswith(".json")]
    assert monitor(config).status == "unchanged"
    more_of_one_class = SOURCE.replace(",no\n", ",yes\n", 200)
    store.replace("raw/t.csv", more_of_one_class.encode())
    assert monitor(config).status in ("moved", "broken")
