"""Versions in a bucket: published, read, verified, promoted and rebuilt as on this machine."""

from __future__ import annotations

import json
import multiprocessing
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from counterpoise.errors import IntegrityError, StorageError, VersionNotFoundError
from counterpoise.evaluate import PriorCorrection, find_evaluation, publish_evaluation
from counterpoise.persist import (
    DatasetFolder,
    keep_evidence,
    publish_version,
    read_manifest,
    remove_train_rows,
    workspace,
)
from counterpoise.persist._commit import commit_manifest
from counterpoise.persist._workspace import reclaim_leftovers
from counterpoise.storage import StoredFile, store_at
from counterpoise.storage import _work as places
from counterpoise.storage._areas import marked
from counterpoise.storage._objects import ObjectStore
from counterpoise.verify._version import verify_version
from counterpoise.versions import (
    compare_with_previous,
    find_baseline,
    list_datasets,
    list_versions,
    open_version,
    promote_by_hand,
    read_metrics,
    rebuild_version,
)
from tests.killed import count_calls, kill_at_call
from tests.manifests import facts_of
from tests.object_store import SECRET
from tests.snapshots import UNCHECKED, EngineRun, mixed_table, run_engine
from tests.versions.records import metrics_of

PARTS = ("train", "validation", "test", "keys/train", "keys/validation", "keys/test")


def publish(folder: Path, bucket: str, rows: int = 400, **sections: Any) -> EngineRun:
    output = {"root": f"{bucket}/datasets", **sections.pop("output", {})}
    columns = {"target": "label", "ids": ["id"]}
    return run_engine(mixed_table(rows), folder, output=output, columns=columns, **sections)


def copies_gone(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let this process begin without copies, as any other one would."""
    folder.mkdir()
    monkeypatch.setattr(places, "_process_folder", lambda _: folder)


def test_a_version_in_a_bucket_has_the_bytes_of_one_on_this_machine(
    tmp_path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = run_engine(mixed_table(400), tmp_path / "here", columns={"target": "label", "ids": ["id"]})
    there = publish(tmp_path / "there", bucket)
    copies_gone(monkeypatch, tmp_path / "copies")
    local, remote = open_version(tmp_path / "here/datasets/tested"), open_version(f"{bucket}/datasets/tested@1")
    assert remote.record == there.version.model_copy(update={"created": False})
    assert remote.manifest.run_key == local.manifest.run_key
    digests = [
        {file.path.split("/", 2)[2]: file.sha256 for file in version.manifest.files} for version in (local, remote)
    ]
    assert digests[0] == digests[1]
    for part in PARTS:
        assert remote.to_arrow(part).equals(local.to_arrow(part))
        assert sum(table.num_rows for table in remote.iter_arrow(part)) == local.to_arrow(part).num_rows
    assert here.version.partitions == there.version.partitions
    assert verify_version(f"{bucket}/datasets", "tested", 1) == []
    assert list_datasets(f"{bucket}/datasets") == ["tested"]
    assert [version.version for version in list_versions(f"{bucket}/datasets", "tested")] == [1]


def test_the_same_run_again_gives_the_same_version(tmp_path: Path, bucket: str) -> None:
    first = publish(tmp_path / "a", bucket).version
    again = publish(tmp_path / "b", bucket).version
    assert (again.version, again.data, again.created) == (1, first.data, False)
    assert store_at(f"{bucket}/datasets/tested").folders("data") == [Path(first.data).name]


def test_a_part_is_read_without_the_others(tmp_path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run = publish(tmp_path, bucket)
    copies_gone(monkeypatch, tmp_path / "copies")
    folder = open_version(f"{bucket}/datasets/tested").path("keys/test")
    assert [path.name for path in folder.iterdir()] == ["part-00000.parquet"]
    assert [path.name for path in folder.parents[1].iterdir()] == ["keys"]
    assert pq.read_table(folder).num_rows == run.version.partitions["test"].rows


def test_changed_and_missing_files_are_found(tmp_path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault 23 in a bucket."""
    data = publish(tmp_path, bucket).version.data
    copies_gone(monkeypatch, tmp_path / "copies")
    store = store_at(f"{bucket}/datasets/tested")
    name = f"{data}/test/part-00000.parquet"
    content = bytearray(store.read(name))
    content[len(content) // 2] ^= 1
    store.replace(name, bytes(content))
    store.delete(f"{data}/keys/validation")
    store.replace(f"{data}/train/part-00009.parquet", b"")
    version = open_version(f"{bucket}/datasets/tested")
    with pytest.raises(IntegrityError, match=r"test/part-00000.parquet: SHA-256"):
        version.to_arrow("test")
    with pytest.raises(IntegrityError, match=r"keys/validation/part-00000.parquet: missing"):
        version.path("keys/validation")
    told = " | ".join(verify_version(f"{bucket}/datasets", "tested", 1))
    assert all(word in told for word in ("test/part-00000.parquet: SHA-256", "missing", "part-00009.parquet: not in"))


def test_a_store_that_gives_other_bytes_back_gets_no_version(
    tmp_path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(store: ObjectStore, name: str, path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        store.replace(name, bytes(content))

    monkeypatch.setattr(ObjectStore, "put", damaged)
    with pytest.raises(IntegrityError, match="different content"):
        publish(tmp_path, bucket)
    assert store_at(f"{bucket}/datasets/tested").files("") == []


def in_another_process(folder: Path, bucket: str, seed: int = 0) -> Path:
    """Write down what a process that was not made by this one must know, and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    variables = {name: text for name, text in os.environ.items() if name.startswith("AWS_")}
    variables["TMPDIR"] = str(folder)  # what a killed process leaves goes with the test
    (folder / "settings.json").write_text(json.dumps({"bucket": bucket, "seed": seed, "environment": variables}))
    return folder


def publish_as_told(folder: Path) -> None:
    settings = json.loads((folder / "settings.json").read_text())
    os.environ.update(settings["environment"])
    publish(folder, settings["bucket"], seed=settings["seed"])


def test_processes_that_publish_at_once_all_get_a_version(tmp_path: Path, bucket: str) -> None:
    """Fault 39 in a bucket."""
    context = multiprocessing.get_context("forkserver")
    folders = [in_another_process(tmp_path / str(seed), bucket, seed) for seed in (1, 2, 3)]
    jobs = [context.Process(target=publish_as_told, args=(folder,)) for folder in folders]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join(120)
    assert [job.exitcode for job in jobs] == [0, 0, 0]
    found = [open_version(f"{bucket}/datasets/tested@{number}").manifest for number in (1, 2, 3)]
    assert sorted(manifest.seed for manifest in found) == [1, 2, 3]
    assert len({manifest.data for manifest in found}) == 3
    for number in (1, 2, 3):
        assert verify_version(f"{bucket}/datasets", "tested", number) == []


UPLOADING = ("counterpoise.storage", "counterpoise.persist._commit", "counterpoise.persist._publish")


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory, s3_endpoint: str) -> int:
    """How many calls of what stores a version a whole run makes."""
    from tests.object_store import make_bucket, use_endpoint

    with pytest.MonkeyPatch.context() as patch:
        use_endpoint(patch, s3_endpoint)
        folder = in_another_process(tmp_path_factory.mktemp("count"), make_bucket(s3_endpoint))
    return count_calls(publish_as_told, folder, UPLOADING)


@pytest.mark.parametrize("point", range(8))
def test_a_run_killed_while_it_uploads_leaves_nothing_visible_and_the_next_succeeds(
    tmp_path: Path, bucket: str, calls: int, point: int
) -> None:
    """Fault 35 in a bucket."""
    folder = in_another_process(tmp_path, bucket)
    assert kill_at_call(publish_as_told, folder, UPLOADING, 1 + point * (calls - 40) // 7) == -9
    root = f"{bucket}/datasets"
    for seen in list_versions(root, "tested"):
        assert verify_version(root, "tested", seen.version) == []
    publish(tmp_path, bucket)
    assert [version.version for version in list_versions(root, "tested")] == [1]
    assert verify_version(root, "tested", 1) == []


@pytest.mark.parametrize("days", [-8, 8])
def test_what_is_being_uploaded_stays_whatever_this_machines_clock_says(
    tmp_path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    publish(tmp_path, bucket)
    folder = DatasetFolder(f"{bucket}/datasets", "tested")
    folder.store.replace("data/uploaded-now/train/part-00000.parquet", b"partial")
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + days * 24 * 3600)
    assert reclaim_leftovers(folder) == []


def test_what_a_crashed_upload_left_goes_after_a_week_by_the_stores_clock(
    tmp_path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = publish(tmp_path, bucket).version.data
    folder = DatasetFolder(f"{bucket}/datasets", "tested")
    folder.store.replace("data/leftover/train/part-00000.parquet", b"partial")
    seen = folder.store.modified("data/leftover")
    week, look = 7 * 24 * 3600, ObjectStore.look
    for seconds, gone in ((week - 60, []), (week + 60, ["leftover"])):

        def later(store: ObjectStore, name: str, now: float = seen + seconds) -> StoredFile | None:
            return StoredFile("now", 0, now) if name.startswith(".work/clock") else look(store, name)

        monkeypatch.setattr(ObjectStore, "look", later)
        assert reclaim_leftovers(folder) == gone
    monkeypatch.setattr(ObjectStore, "look", look)
    assert folder.store.folders("data") == [Path(data).name]
    assert folder.store.folders(".work") == []


def test_copies_of_a_killed_process_go_at_once(tmp_path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = DatasetFolder(f"{bucket}/datasets", "tested")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    copies = tmp_path / f"counterpoise-{os.getuid()}" / "copies"
    for name in ("1-killed", "2-working", "3-unmarked"):
        (copies / name).mkdir(parents=True)
    (copies / "1-killed.lock").touch()
    with marked(copies, "2-working"):
        reclaim_leftovers(folder)
        assert sorted(path.name for path in copies.iterdir()) == ["2-working", "2-working.lock", "3-unmarked"]


def test_an_evaluation_is_published_whole_and_the_first_one_stays(tmp_path: Path, bucket: str) -> None:
    version = publish(tmp_path, bucket).version
    assert find_evaluation(version) is None
    correction: dict[str, Any] = {
        "positive_class": "1",
        **PriorCorrection(natural=0.1, training=0.5).as_dict(),
        "test_prevalence": 0.1,
        "learners": {},
    }
    metrics = metrics_of(verdict="first", correction=correction)
    first = publish_evaluation(version, metrics=metrics, html="<html>1</html>")
    second = publish_evaluation(version, metrics=metrics | {"verdict": "second"}, html="<html>2</html>")
    assert first == second == find_evaluation(version)
    assert first.verdict == "first"
    assert store_at(bucket).read(first.html.removeprefix(f"{bucket}/")) == b"<html>1</html>"
    copy = open_version(f"{bucket}/datasets/tested").evaluation
    assert sorted(path.name for path in copy.iterdir()) == ["correction.json", "metrics.json", "report.html"]
    assert json.loads((copy / "metrics.json").read_text())["verdict"] == "first"
    names = [file.name.split("/")[-1] for file in store_at(f"{bucket}/datasets/tested").files("evaluations")]
    assert sorted(names) == ["correction.json", "metrics.json", "report.html"], "the second attempt left nothing"


def test_promotions_and_history_work_in_a_bucket(tmp_path: Path, bucket: str) -> None:
    first, second = (publish(tmp_path / str(seed), bucket, seed=seed).version for seed in (1, 2))
    folder = DatasetFolder(f"{bucket}/datasets", "tested")
    with pytest.raises(VersionNotFoundError, match="none of them promoted"):
        open_version(f"{bucket}/datasets/tested@promoted")
    assert promote_by_hand(first).promotion is not None
    assert open_version(f"{bucket}/datasets/tested@promoted").number == 1
    assert promote_by_hand(second).promotion is not None
    assert open_version(f"{bucket}/datasets/tested@promoted").number == 2
    assert read_metrics(folder, 1) is None
    assert compare_with_previous(second, {}) is None


def test_a_version_stored_as_a_recipe_is_put_away_and_comes_back(
    tmp_path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = publish(tmp_path, bucket, output={"materialise": "recipe"}, source={"path": str(tmp_path / "source.parquet")})
    address, folder = f"{bucket}/datasets/tested", DatasetFolder(f"{bucket}/datasets", "tested")
    source = str(tmp_path / "source.parquet")
    before = open_version(address).to_arrow("train")
    assert remove_train_rows(folder, read_manifest(folder, 1))
    assert folder.store.files(f"{run.version.data}/train") == []
    assert verify_version(f"{bucket}/datasets", "tested", 1) == []
    with pytest.raises(VersionNotFoundError, match=r"counterpoise rebuild s3://.*tested@1"):
        open_version(address).to_arrow("train")
    copies_gone(monkeypatch, tmp_path / "copies")
    digest = read_manifest(folder, 1).source.digest
    monkeypatch.setattr("counterpoise.versions._rebuild.ingest_source", lambda *_, **__: run.snapshot)
    assert digest == run.snapshot.digest
    assert rebuild_version(address, source=source).rows == before.num_rows
    copies_gone(monkeypatch, tmp_path / "other copies")
    assert open_version(address).to_arrow("train").equals(before)
    assert verify_version(f"{bucket}/datasets", "tested", 1) == []


def test_rows_half_put_away_are_no_rows(tmp_path: Path, bucket: str) -> None:
    run = publish(tmp_path, bucket, output={"materialise": "recipe"})
    folder = DatasetFolder(f"{bucket}/datasets", "tested")
    folder.store.delete(f"{run.version.data}/train")
    assert folder.store.files(f"{run.version.data}/keys/train"), "the run was killed before it came to them"
    assert open_version(f"{bucket}/datasets/tested").stored_as_recipe
    assert verify_version(f"{bucket}/datasets", "tested", 1) == []


def test_evidence_of_a_refused_run_is_kept_in_the_bucket(tmp_path: Path, bucket: str) -> None:
    from counterpoise.errors import SplitError

    config = publish(tmp_path, bucket).config
    area = workspace(f"{bucket}/datasets", "tested", "run-1")
    assert area.is_dir()
    assert area == workspace(f"{bucket}/datasets", "tested", "run-1"), "a retry finds it"
    (area / "rejects.parquet").write_bytes(b"rows")
    kept = keep_evidence(config, area, SplitError("single_class", expected="two", found="one", remedy="look"))
    assert kept == f"{bucket}/datasets/tested/rejected/run-1"
    store = store_at(kept)
    assert store.names("") == ["reason.json", "rejects.parquet"]
    assert store.read("rejects.parquet") == b"rows"
    assert keep_evidence(config, area, StorageError("no_such_bucket", expected="a", found="b", remedy="c")) is None


def test_no_secret_of_the_environment_is_in_anything_that_was_published(tmp_path: Path, bucket: str) -> None:
    publish(tmp_path, bucket)
    store = store_at(bucket)
    contents = [store.read(file.name) for file in store.files("")]
    assert any(b"tested" in content for content in contents), "the search finds what is there"
    assert not any(SECRET.encode() in content for content in contents)


def test_the_baseline_of_drift_is_found_in_a_bucket(tmp_path: Path, bucket: str) -> None:
    run = publish(tmp_path, bucket)
    assert find_baseline(run.config) is None, "the engine alone profiles nothing"


def test_a_commit_whose_number_is_taken_goes_to_the_next(tmp_path: Path, bucket: str) -> None:
    folder = DatasetFolder(bucket, "d")
    assert [commit_manifest(folder, facts_of(seed=seed)).version for seed in (0, 1, 2, 0)] == [
        1,
        2,
        3,
        1,
    ]


def test_publishing_needs_the_bucket(tmp_path: Path, bucket: str) -> None:
    run = publish(tmp_path, bucket)
    elsewhere = run.config.output.model_copy(update={"root": "s3://there-is-no-such-bucket/x"})
    with pytest.raises(StorageError, match=r"no_such_bucket.*s3://there-is-no-such-bucket"):
        publish_version(
            run.config.model_copy(update={"output": elsewhere}),
            snapshot=run.snapshot,
            validation=UNCHECKED,
            split=run.split,
            resampling=run.resampling,
        )
