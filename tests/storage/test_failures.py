"""What goes wrong between us and a store: told clearly, tried again where that helps, and never two versions."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from counterpoise.errors import ConfigError, StorageError, StorageUnavailableError
from counterpoise.persist import DatasetFolder
from counterpoise.persist._commit import commit_manifest
from counterpoise.storage import _client as client
from counterpoise.storage import _objects as objects
from counterpoise.storage import store_at
from counterpoise.storage._client import granted
from counterpoise.verify._version import verify_version
from tests.faulty_proxy import Choose, Fault, faulty_proxy
from tests.manifests import facts_of
from tests.object_store import SECRET
from tests.snapshots import mixed_table, run_engine

pytestmark = pytest.mark.usefixtures("impatient")


def first_manifest(fault: Fault, times: int) -> Choose:
    """Let a fault happen to the first requests that create the first manifest."""
    left = [times]

    def choose(method: str, path: str) -> Fault:
        if method == "PUT" and path.endswith("versions/00000001.json") and left[0]:
            left[0] -= 1
            return fault
        return "none"

    return choose


@pytest.mark.parametrize(
    ("fault", "times"), [("lost answer", 1), ("busy", 1), ("busy", 4), ("conflict", 1), ("conflict", 5)]
)
def test_a_commit_that_meets_a_fault_is_one_version(
    bucket: str, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch, fault: Fault, times: int
) -> None:
    """Fault 42."""
    folder = DatasetFolder(bucket, "d")
    with faulty_proxy(s3_endpoint, first_manifest(fault, times)) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        manifest = commit_manifest(folder, facts_of())
        assert (manifest.version, manifest.data) == (1, facts_of().data)
        assert folder.version_numbers() == [1]
        assert commit_manifest(folder, facts_of(seed=1)).version == 2


def test_a_store_that_goes_away_right_after_the_commit_keeps_what_the_version_needs(
    bucket: str, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Fault 42: nobody hears that the manifest was created, and nobody can ask."""
    away = [False]

    def choose(method: str, path: str) -> Fault:
        if away[0]:
            return "busy"
        away[0] = method == "PUT" and path.endswith("versions/00000001.json")
        return "lost answer" if away[0] else "none"

    with faulty_proxy(s3_endpoint, choose) as endpoint, monkeypatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", endpoint)
        with pytest.raises(StorageUnavailableError):
            run_engine(mixed_table(300), tmp_path, output={"root": bucket})
    assert verify_version(bucket, "tested", 1) == []
    assert run_engine(mixed_table(300), tmp_path / "again", output={"root": bucket}).version.created is False


def test_a_store_that_ignores_conditions_is_refused(
    bucket: str, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with faulty_proxy(s3_endpoint, lambda *_: "forgotten condition") as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        store = store_at(bucket)
        with pytest.raises(StorageError, match=r"no_conditional_put.*If-None-Match"):
            store.create("versions/00000001.json", b"{}")
        assert store.files("") == []


def test_refused_rights_are_told_with_the_place(bucket: str, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with faulty_proxy(s3_endpoint, lambda *_: "refused") as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        store = store_at(f"{bucket}/datasets")
        calls: list[Any] = [lambda: store.names("x"), lambda: store.read("x"), lambda: store.create("x", b"")]
        for call in calls:
            with pytest.raises(StorageError, match=rf"storage_refused.*{bucket}/datasets.*permissions") as caught:
                call()
            assert caught.value.exit_code == 2


def test_a_store_that_is_away_is_told_and_may_be_tried_again(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from counterpoise.tasks.stage import is_transient

    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(StorageUnavailableError, match=r"storage_unavailable.*endpoint and the network") as caught:
        store_at(bucket).read("x")
    assert caught.value.exit_code == 1
    assert is_transient(caught.value)


def test_what_another_try_cannot_mend_is_not_tried_again(bucket: str) -> None:
    from counterpoise.tasks.stage import is_transient

    with pytest.raises(StorageError, match=r"no_such_bucket.*create it") as caught:
        store_at("s3://there-is-no-such-bucket/x").names("")
    assert not is_transient(caught.value)
    assert caught.value.exit_code == 2


def test_a_machine_without_credentials_is_told_where_they_come_from(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", "http://127.0.0.1:9/latest/api")
    with pytest.raises(StorageError, match=r"no_credentials.*AWS_ACCESS_KEY_ID.*credentials_block"):
        store_at(bucket).names("")


def test_no_secret_is_told_whatever_the_store_answers(
    bucket: str, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    granted_secret = "granted-secret/of-a-block"  # noqa: S105  # to be looked for
    with (
        faulty_proxy(s3_endpoint, lambda *_: "refused") as endpoint,
        granted(bucket, {"AWS_ACCESS_KEY_ID": "other", "AWS_SECRET_ACCESS_KEY": granted_secret}),
    ):
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        store = store_at(f"{bucket}/{granted_secret}/{SECRET}")
        with pytest.raises(StorageError) as caught:
            store.read(granted_secret)
    assert granted_secret not in caught.value.found
    assert caught.value.__cause__ is None
    assert granted_secret not in repr(store) + repr(client._client)


def test_without_the_library_the_extra_is_named() -> None:
    code = (
        "import sys; sys.modules['obstore'] = None\n"
        "from counterpoise.storage import store_at\n"
        "store_at('s3://bucket/x').names('')"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert "storage_not_installed" in done.stderr
    assert "counterpoise[cloud]" in done.stderr


@pytest.mark.parametrize(
    "address", ["s3://key:secret@bucket/x", "gs://bucket/x?Signature=secret", "ftp://host/x", "s3:///x", "s3://b/../x"]
)
def test_an_address_that_is_none_is_refused_without_its_secrets(address: str) -> None:
    with pytest.raises(ConfigError, match="storage_address") as caught:
        store_at(address)
    assert "secret" not in str(caught.value.as_dict())


def test_other_providers_are_reached_through_the_same_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """No server of theirs runs here: what is asked of them is shown by their own clients."""
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "shop")
    for address, kind in (
        ("gs://bucket/x", "GCSStore"),
        ("az://container/x", "AzureStore"),
        ("abfss://container@shop.dfs.core.windows.net/x", "AzureStore"),
    ):
        store = store_at(address)
        assert isinstance(store, objects.ObjectStore)
        assert type(store._client).__name__ == kind
