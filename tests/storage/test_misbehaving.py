"""Stores that cannot do what they must, lose answers, contradict themselves or never answer; and races without end."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from counterpoise.config import BalanceConfig
from counterpoise.errors import ConfigError, IntegrityError, StorageError, StorageUnavailableError, VersionNotFoundError
from counterpoise.ingest import source_identity
from counterpoise.persist import DatasetFolder, find_stored_evaluation, publish_version, store_evaluation
from counterpoise.persist import _commit as commit
from counterpoise.persist._commit import commit_manifest
from counterpoise.records import FileDigest
from counterpoise.runtime import file_sha256
from counterpoise.storage import _objects as objects
from counterpoise.storage import store_at
from counterpoise.storage._attempts import Patience
from counterpoise.storage._local import LocalStore
from counterpoise.storage._transfer import upload_checked
from counterpoise.versions import known_digest, open_version, prepare_output, record_access, remember_source
from counterpoise.versions._promotion import promote
from tests.faulty_proxy import PASSING, Calls, Fault, faulty_proxy
from tests.manifests import facts_of
from tests.snapshots import UNCHECKED, engine_config, mixed_table, run_engine, snapshot_of
from tests.versions.records import metrics_of

pytestmark = pytest.mark.usefixtures("impatient")

REAL_PATIENCE = objects.ObjectStore._patience


@pytest.mark.parametrize("fault", [fault for fault in PASSING if fault not in ("never answers", "slow")])
def test_no_single_fault_makes_a_store_one_that_ignores_conditions(
    bucket: str, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    count = Calls()
    with faulty_proxy(s3_endpoint, count) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        store_at(f"{bucket}/counted").prepare()
    for call in range(1, len(count.seen) + 1):
        with faulty_proxy(s3_endpoint, Calls(fault, call, call)) as endpoint:
            monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
            store = store_at(f"{bucket}/{call}")
            store.prepare()
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_endpoint)
    assert store_at(bucket).files("") == [], "what was tried is gone"


@pytest.mark.parametrize(
    "case",
    [
        ("forgotten condition", "no_conditional_put"),
        ("unknown condition", "no_conditional_put"),
        ("read only", "storage_refused"),
        ("refused", "storage_refused"),
        ("wrong region", "wrong_region"),
        ("busy", "storage_unavailable"),
    ],
)
def test_what_a_store_cannot_do_is_found_out_before_anything_is_read_or_uploaded(
    bucket: str, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, case: tuple[Fault, str]
) -> None:
    fault, reason = case
    config = engine_config(tmp_path, output={"root": bucket})
    calls = Calls(fault, 1, 10**9)
    with faulty_proxy(s3_endpoint, calls) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        with pytest.raises(StorageError, match=reason):
            prepare_output(config)
        assert all("/data/" in call for call in calls.seen if call.startswith("PUT"))
        with pytest.raises(StorageError, match=reason):
            publish_nothing(config, tmp_path)
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_endpoint)
    assert store_at(bucket).files("") == []


def publish_nothing(config: BalanceConfig, folder: Path) -> None:
    """Publish from plans that nobody may read, as the store is asked first."""
    snapshot = snapshot_of(mixed_table(10), folder)
    nothing: Any = None
    publish_version(config, snapshot=snapshot, validation=UNCHECKED, split=nothing, resampling=nothing)


def test_a_bucket_that_is_not_there_is_found_out_before_anything_is_read(bucket: str, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no_such_bucket"):
        prepare_output(engine_config(tmp_path, output={"root": f"{bucket}-of-nobody/x"}))


def test_a_commit_that_others_are_always_faster_at_ends_with_a_name(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, tries = DatasetFolder(bucket, "d"), Patience(tries=5, first=0.01)
    monkeypatch.setattr(commit, "_PATIENCE", tries)

    def lose(store: objects.ObjectStore, name: str, _: bytes) -> bool:
        store.replace(name, b'{"run_key": "of another"}')
        return False

    monkeypatch.setattr(objects.ObjectStore, "create", lose)
    with pytest.raises(StorageUnavailableError, match=r"no_free_number.*most recently 5.*run again"):
        commit_manifest(folder, facts_of())


def test_a_store_that_says_taken_of_everything_is_not_asked_for_ever(
    bucket: str, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = DatasetFolder(bucket, "d")
    folder.store.prepare()
    calls = Calls()

    def choose(method: str, path: str) -> Fault:
        calls(method, path)
        return "precondition" if method == "PUT" else "none"

    monkeypatch.setattr(objects.ObjectStore, "prepare", lambda _: None)
    with faulty_proxy(s3_endpoint, choose) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        with pytest.raises(StorageUnavailableError, match="storage_contradiction"):
            commit_manifest(folder, facts_of())
    assert sum(call.startswith("PUT") for call in calls.seen) <= 10


def test_a_listing_that_misses_the_newest_versions_hides_none(
    bucket: str, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = DatasetFolder(bucket, "d")
    for seed in range(3):
        commit_manifest(folder, facts_of(seed=seed))
    with faulty_proxy(s3_endpoint, Calls("stale list", 1, 10**9)) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        assert [open_version(f"{bucket}/d").number, open_version(f"{bucket}/d@3").number] == [3, 3]
        assert commit_manifest(folder, facts_of(seed=2)).version == 3
        assert commit_manifest(folder, facts_of(seed=4)).version == 4
        with pytest.raises(VersionNotFoundError, match="no_such_version"):
            open_version(f"{bucket}/d@5")


def test_a_store_that_never_answers_ends_in_time(
    bucket: str, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTERPOISE_STORE_TIMEOUT", "0.5")
    monkeypatch.setattr(objects.ObjectStore, "_patience", REAL_PATIENCE)
    started = time.monotonic()
    with faulty_proxy(s3_endpoint, Calls("never answers", 1, 10**9)) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        store = store_at(bucket)
        for call in (lambda: store.names(""), lambda: store.read("x"), lambda: store.replace("x", b"")):
            with pytest.raises(StorageUnavailableError, match="storage_unavailable"):
                call()
    assert time.monotonic() - started < 300, "a hundred times what it takes"


@pytest.mark.parametrize("text", ["soon", "0", "-1", "nan", "inf", "1e9"])
def test_a_time_that_is_none_is_refused(bucket: str, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("COUNTERPOISE_STORE_TIMEOUT", text)
    with pytest.raises(ConfigError, match=r"store_timeout.*COUNTERPOISE_STORE_TIMEOUT"):
        store_at(bucket).read("x")


@pytest.mark.parametrize("at", ["upload", "read"])
def test_a_large_file_that_is_spoilt_on_its_way_is_sent_or_read_again(
    bucket: str, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, at: str
) -> None:
    path = tmp_path / "data" / "x" / "large"
    path.parent.mkdir(parents=True)
    path.write_bytes(os.urandom(9 << 20))
    file = FileDigest(path="data/x/large", rows=0, bytes=path.stat().st_size, sha256=file_sha256(path))
    left = [1]

    def choose(method: str, path: str) -> Fault:
        meant = "partNumber=1" in path if at == "upload" else method == "GET" and path.endswith("large")
        if not (meant and left[0]):
            return "none"
        left[0] -= 1
        return "lost answer" if at == "upload" else "flipped"

    with faulty_proxy(s3_endpoint, choose) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        upload_checked(store_at(bucket), tmp_path, [file])
    assert left == [0]


def test_an_evaluation_whose_answer_is_lost_for_good_keeps_its_files(
    bucket: str, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = DatasetFolder(bucket, "d")
    folder.store.prepare()
    commit_manifest(folder, facts_of())
    away = [False]

    def choose(method: str, path: str) -> Fault:
        if away[0]:
            return "busy"
        away[0] = method == "PUT" and path.endswith("metrics.json")
        return "lost answer" if away[0] else "none"

    monkeypatch.setattr(objects.ObjectStore, "prepare", lambda _: None)
    with faulty_proxy(s3_endpoint, choose) as endpoint, monkeypatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", endpoint)
        with pytest.raises(StorageUnavailableError):
            store_evaluation(folder, 1, metrics=metrics_of(), files={"report.html": "<p>"})
    found = find_stored_evaluation(folder, 1)
    assert found is not None
    assert folder.store.read(f"{found.folder}/report.html") == b"<p>"


def test_a_promotion_that_others_are_always_faster_at_ends_with_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = run_engine(mixed_table(120), tmp_path).version
    monkeypatch.setattr(promote, "_TRIES", 3)
    monkeypatch.setattr(LocalStore, "create", lambda *_: False)
    with pytest.raises(StorageUnavailableError, match=r"promotion_contended.*not promoted"):
        promote.promote_by_hand(version)


def looks_of(bucket: str) -> tuple[DatasetFolder, str]:
    folder = DatasetFolder(bucket, "d")
    assert record_access(folder, "t", key="first") == ()
    return folder, "tournaments/looks/t"


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b'{"key": "second"}', b"\xff", b'{"key": "second", "created": "x"}']
)
def test_a_damaged_look_of_another_still_counts_and_stops_nobody(bucket: str, damage: bytes) -> None:
    folder, place = looks_of(bucket)
    folder.store.replace(f"{place}/second.json", damage)
    looks = record_access(folder, "t", key="third", version=3)
    assert {look.key for look in looks} == {"first", "second"}


def test_who_looks_again_has_looked_when_it_first_did(bucket: str) -> None:
    folder, place = looks_of(bucket)
    assert [look.key for look in record_access(folder, "t", key="second")] == ["first"]
    assert record_access(folder, "t", key="first") == ()
    assert folder.store.names(place) == ["first.json", "second.json"]


@pytest.mark.parametrize("damage", [b"", b"{", b'{"key": "other", "created": "2026-01-01"}'])
def test_a_damaged_look_of_ones_own_still_counts(bucket: str, damage: bytes) -> None:
    folder, place = looks_of(bucket)
    folder.store.replace(f"{place}/first.json", damage)
    assert record_access(folder, "t", key="first") == ()
    assert [look.key for look in record_access(folder, "t", key="second")] == ["first"]


def a_source(bucket: str, folder: Path) -> tuple[BalanceConfig, Any]:
    store_at(bucket).replace("raw/t.csv", b"a,label\n1,x\n")
    config = engine_config(folder, output={"root": bucket}, source={"path": f"{bucket}/raw/t.csv"})
    identity = source_identity(config.source)
    return config, snapshot_of(mixed_table(10), folder).model_copy(update={"identity": identity})


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"\xff", b'{"digest": 1, "rows": 2}', b'{"digest": "x"}'])
def test_a_damaged_memory_of_a_source_costs_one_reading(bucket: str, tmp_path: Path, damage: bytes) -> None:
    config, snapshot = a_source(bucket, tmp_path)
    name = f"sources/{snapshot.identity}.json"
    DatasetFolder(bucket, "tested").store.replace(name, damage)
    assert known_digest(config) == ""
    remember_source(config, snapshot)
    assert known_digest(config) == snapshot.digest


def test_other_content_behind_the_same_tags_is_named(bucket: str, tmp_path: Path) -> None:
    config, snapshot = a_source(bucket, tmp_path)
    remember_source(config, snapshot)
    remember_source(config, snapshot)
    with pytest.raises(IntegrityError, match=rf"source_tags.*sources/{snapshot.identity}\.json"):
        remember_source(config, snapshot.model_copy(update={"digest": "other"}))
    stored = DatasetFolder(bucket, "tested").store.read(f"sources/{snapshot.identity}.json")
    assert json.loads(stored)["source_digest"] == snapshot.digest
