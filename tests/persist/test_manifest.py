"""Manifests of others: shaped as ours, within their dataset, and believed only as far as their files prove them."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from counterpoise.errors import CounterpoiseError, IntegrityError
from counterpoise.persist._commit import commit_manifest, damaged_manifests, find_manifest, read_manifest
from counterpoise.persist._layout import DatasetFolder
from counterpoise.verify._version import check_version, verify_version
from counterpoise.versions import list_versions, open_version
from tests.manifests import Change, facts_of, forge, refit_digests, signed
from tests.snapshots import EngineRun, mixed_table, run_engine

COLUMNS = {"target": "label", "ids": ["id"]}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset with three versions of different strategies."""
    place = tmp_path_factory.mktemp("template")
    for strategy in ("smote", "random_under", "random_over"):
        run_engine(mixed_table(600), place, columns=COLUMNS, resampling={"strategy": strategy})
    return place / "datasets"


@pytest.fixture
def folder(template: Path, tmp_path: Path) -> DatasetFolder:
    shutil.copytree(template, tmp_path / "datasets")
    return DatasetFolder(tmp_path / "datasets", "tested")


def found(folder: DatasetFolder, version: int) -> list[str]:
    """Return what verifying finds, a named refusal included."""
    try:
        return verify_version(folder.root, folder.dataset, version)
    except IntegrityError as error:
        return [str(error)]


def move(count: int, *path: str | int) -> Change:
    """Return a change that adds to a number."""

    def change(content: dict[str, Any]) -> None:
        *way, last = path
        place: Any = content
        for step in way:
            place = place[step]
        place[last] += count

    return change


def swap(part: str, *steps: str) -> Change:
    """Return a change that exchanges the rows of two classes."""

    def change(content: dict[str, Any]) -> None:
        place: Any = content[part]
        for step in steps:
            place = place[step]
        (first, one), (second, two) = place.items()
        place |= {first: two, second: one}

    return change


def both(*changes: Change) -> Change:
    def change(content: dict[str, Any]) -> None:
        for one in changes:
            one(content)

    return change


def put(value: Any, *path: str | int) -> Change:
    def change(content: dict[str, Any]) -> None:
        *way, last = path
        place: Any = content
        for step in way:
            place = place[step]
        place[last] = value

    return change


TRAIN = ("partitions", "train", "classes")
FORGERIES: dict[str, tuple[int, Change]] = {
    "classes of test": (1, swap("partitions", "test", "classes")),
    "classes of validation": (1, swap("partitions", "validation", "classes")),
    "rows of test": (1, move(1, "partitions", "test", "classes", "0")),
    "classes of train": (1, both(move(1, *TRAIN, "0"), move(1, "resampling", "after", "0"))),
    "rows before resampling": (2, both(move(7, "resampling", "before", "0"), move(-7, "resampling", "before", "1"))),
    "seed": (1, both(move(1, "seed"), move(1, "config", "seed"))),
    "seed of a version without repetitions": (2, both(move(1, "seed"), move(1, "config", "seed"))),
    "dropped": (
        2, both(move(1, "dropped"), move(1, "certificate", "rows_dropped"), move(-1, "certificate", "rows_original")),
    ),
    "rejected": (
        1, both(move(1, "rejected"), move(1, "certificate", "rows_rejected"), move(-1, "certificate", "rows_original")),
    ),
    "rows of the source": (
        1, both(move(1, "source", "rows"), move(1, "certificate", "rows_in"), move(1, "certificate", "rows_original")),
    ),
    "lines that could not be read": (
        1,
        both(
            move(1, "source", "rejected_lines"), move(1, "rejected"), move(1, "certificate", "rows_in"),
            move(1, "certificate", "rows_rejected"),
        ),
    ),
    "repeated": (3, move(5, "resampling", "repeated")),
    "synthetic": (1, move(5, "resampling", "synthetic")),
    "strategy": (1, put("adasyn", "resampling", "strategy")),
    "strategy, configuration, too": (
        3, both(put("none", "resampling", "strategy"), put("none", "config", "resampling", "strategy")),
    ),
    "checks emptied": (1, put({}, "certificate", "checks")),
    "checks but for one": (1, lambda content: content["certificate"]["checks"].popitem()),
    "a check that does not hold": (1, put(False, "certificate", "checks", "rows_balance")),
    "another check": (1, put(True, "certificate", "checks", "certified_by_the_auditor")),
    "fingerprint": (1, put("0" * 16, "certificate", "fingerprints", "test")),
    "a part listed twice": (1, lambda content: content["files"].append(content["files"][0])),
    "a part left out": (1, lambda content: content["files"].pop(0)),
    "rows of a part": (1, move(1, "files", 0, "rows")),
    "columns": (1, lambda content: content["schema"].reverse()),
    "a column's type": (1, put("string", "schema", 0, "type")),
    "equal rows": (1, move(1, "split", "duplicate_rows")),
    "contradictory rows": (1, move(2, "split", "contradictory_rows")),
    "rows set apart": (1, put({"late": 1}, "split", "apart")),
    "spans": (1, put({"train": ["2020", "2021"]}, "split", "spans")),
    "split method": (1, put("stable", "split", "method")),
    "split method, configuration, too": (
        1, both(put("stable", "split", "method"), put("stable", "config", "split", "method")),
    ),
    "equal rows may part": (1, put("ignore", "config", "split", "duplicates")),
    "target": (1, put("flag", "config", "columns", "target")),
    "an id that is none": (1, put([], "config", "columns", "ids")),
    "pyarrow": (1, put("1.0.0", "libraries", "pyarrow")),
    "dataset": (1, both(put("other", "dataset"), put("other", "config", "name"))),
    "version": (1, put(2, "version")),
    "a parent where there is none": (1, both(put(7, "parent"), put("0" * 64, "parent_sha256"))),
    "no parent": (2, both(put(None, "parent"), put("", "parent_sha256"))),
    "another parent": (2, put("0" * 64, "parent_sha256")),
    "format": (1, put(1, "format")),
    "data of another version": (1, lambda content: content.update(data=f"data/{'0' * 32}")),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", FORGERIES)
def test_verify_finds_a_manifest_that_lies_though_it_is_signed_anew(folder: DatasetFolder, name: str) -> None:
    version, change = FORGERIES[name]
    assert found(folder, version) == []
    forge(folder, change, version=version)
    assert found(folder, version)
    if name != "another parent":  # which of the two was changed, nobody can tell
        assert found(folder, 1 if version > 1 else 3) == [], "it costs itself alone"


@pytest.mark.slow
def test_a_manifest_whose_child_was_published_before_it_was_changed_does_not_verify(folder: DatasetFolder) -> None:
    forge(folder, lambda content: content.update(created="2020-01-01T00:00:00+00:00"))
    assert found(folder, 1) == ["manifest: changed since version 2 was published after it"]
    assert found(folder, 2) == ["versions/00000001.json: not the parent that version 2 was published after"]
    assert found(folder, 3) == []


def test_labels_of_train_that_were_flipped_and_signed_anew_do_not_verify(folder: DatasetFolder) -> None:
    """Where each label stands follows from the seed and the number of rows of each class."""
    data = folder.path / read_manifest(folder, 1).data
    path = data / "train" / "part-00000.parquet"
    table = pq.read_table(path)
    labels = table["label"].to_pylist()
    first, second = labels.index(0), labels.index(1)
    labels[first], labels[second] = 1, 0
    pq.write_table(table.set_column(table.schema.names.index("label"), "label", pa.array(labels, pa.int8())), path)
    refit_digests(folder)
    assert "manifest: that the order of train follows from its seed is True, but the files say False" in found(
        folder, 1
    )


def test_a_recipe_that_does_not_say_what_stands_in_train_does_not_verify(folder: DatasetFolder) -> None:
    path = folder.path / read_manifest(folder, 1).data / "recipe" / "synthetic.parquet"
    recipe = pq.read_table(path)
    step = recipe.schema.names.index("lambda")
    pq.write_table(recipe.set_column(step, "lambda", pc.multiply(recipe["lambda"], 0.5)), path)
    refit_digests(folder)
    assert "manifest: that train follows the recipe is True, but the files say False" in found(folder, 1)


def test_what_the_files_cannot_prove_is_named(folder: DatasetFolder) -> None:
    found = check_version(folder.root, folder.dataset, 2)
    assert [sentence for sentence in found.left_to_the_source if "`--source`" in sentence]
    for word in ("who published", "settings", "notes", "dropped"):
        assert word in " | ".join(found.unproven)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ({"path": "", "url": "postgresql://u:secret@h/d", "table": "t"}, "literal_secret"),
        ({"path": "${STOLEN}/t.csv"}, "variable_not_read"),
    ],
)
def test_a_configuration_that_we_refuse_costs_its_version_alone(
    folder: DatasetFolder, source: dict[str, Any], reason: str
) -> None:
    content = json.loads(folder.manifest(2).read_text())
    content["config"]["source"] |= source
    folder.manifest(2).write_text(json.dumps(signed(content)))
    with pytest.raises(IntegrityError, match=rf"unreadable_file.*00000002\.json.*{reason}"):
        read_manifest(folder, 2)
    assert [version.version for version in list_versions(folder.root, "tested")] == [1, 3]
    assert find_manifest(folder, read_manifest(folder, 1).run_key) is not None


@pytest.mark.parametrize(
    "data",
    ["../../outside", "/etc", "data/../../outside", "data", "data/x", f"data/{'A' * 32}", f"data/{'0' * 32}/..", ""],
)
def test_no_data_outside_the_dataset_is_ever_looked_at(folder: DatasetFolder, data: str, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "kept").write_text("kept")

    def change(content: dict[str, Any]) -> None:
        before = content["data"]
        content["data"] = data
        for file in content["files"]:
            file["path"] = file["path"].replace(before, data)

    forge(folder, change)
    with pytest.raises(IntegrityError, match=r"unreadable_file.*00000001\.json"):
        open_version(f"{folder.root}/tested@1")
    assert [path.name for path in (tmp_path / "outside").iterdir()] == ["kept"]


@pytest.mark.parametrize(
    "path", ["../x", "data/x", "train/part-00000.parquet", "{data}/train/../../x", "{data}/train/part-0.parquet\n"]
)
def test_a_file_of_another_shape_is_refused(folder: DatasetFolder, path: str) -> None:
    forge(folder, lambda content: content["files"][0].update(path=path.format(data=content["data"])))
    with pytest.raises(IntegrityError, match="unreadable_file"):
        read_manifest(folder, 1)


@pytest.mark.parametrize("what", ["manifest", "versions", "data", "a file", "a part", "train"])
def test_a_symbolic_link_within_a_dataset_is_refused(folder: DatasetFolder, tmp_path: Path, what: str) -> None:
    data = folder.path / read_manifest(folder, 1).data
    path = {
        "manifest": folder.manifest(1),
        "versions": folder.path / "versions",
        "data": folder.data,
        "a file": data / "train" / "part-00000.parquet",
        "a part": data,
        "train": data / "train",
    }[what]
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert any("symbolic link" in line for line in found(folder, 1))
    with pytest.raises(CounterpoiseError, match="symbolic"):
        open_version(f"{folder.root}/tested@1").to_arrow("train")


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"null", b"\xff\xfe{}", b"[" * 100_000, b'{"format": 2, "format": 2}', b'{"seed": NaN}',
        b'{"seed": 1e999}', b'{"version": 9' + b"9" * 5_000 + b"}", b"\x00" * 100, b"{}" + b" " * 20_000_000,
    ],
)  # fmt: skip
def test_a_damaged_manifest_is_named_and_costs_itself_alone(folder: DatasetFolder, content: bytes) -> None:
    folder.manifest(2).write_bytes(content)
    with pytest.raises(IntegrityError, match=r"unreadable_file.*tested/versions/00000002\.json"):
        open_version(f"{folder.root}/tested@2")
    assert [version.version for version in list_versions(folder.root, "tested")] == [1, 3]
    (error,) = damaged_manifests(folder)
    assert error.values["file"] == f"{folder.address}/versions/00000002.json"
    assert open_version(f"{folder.root}/tested@3").to_arrow("train").num_rows
    assert find_manifest(folder, read_manifest(folder, 1).run_key) is not None
    assert commit_manifest(folder, facts_of(name="tested")).version == 4
    assert found(folder, 3) == ["versions/00000002.json: not the parent that version 3 was published after"]


def test_the_newest_version_is_never_silently_an_older_one(folder: DatasetFolder) -> None:
    folder.manifest(3).write_text("{}")
    with pytest.raises(IntegrityError, match=r"00000003\.json"):
        open_version(f"{folder.root}/tested")


def test_data_whose_manifest_is_damaged_is_never_reclaimed(folder: DatasetFolder, tmp_path: Path) -> None:
    import os

    data = folder.path / read_manifest(folder, 2).data
    for path in [data, *data.rglob("*")]:
        os.utime(path, (1, 1))
    folder.manifest(2).write_text("{}")
    run_engine(mixed_table(600), tmp_path, columns=COLUMNS, resampling={"strategy": "none"})
    assert data.is_dir()


def places(value: Any, way: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Yield every place of a document with its value."""
    yield way, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*way, key))


ODD: list[Any] = [
    None,
    -1,
    0,
    1,
    2**31,
    2**63,
    1e300,
    True,
    "",
    "x",
    "../../x",
    "/etc/passwd",
    "\x1b[31m",
    [],
    {},
    [{}],
]


def edits(content: dict[str, Any]) -> list[tuple[str, Change]]:
    """Return named edits of every place: other values, left out, and one more key."""
    made: list[tuple[str, Change]] = []
    for way, value in places(content):
        if not way or way[0] == "digest":
            continue
        name = "/".join(map(str, way))
        made += [(f"{name} = {odd!r}", put(odd, *way)) for odd in ODD if odd != value or type(odd) is not type(value)]
        if isinstance(value, int) and not isinstance(value, bool):
            made.append((f"{name} + 1", move(1, *way)))
    return made


UNPROVABLE = (
    "created", "config/", "code", "libraries/", "source/digest", "source/watermark", "source/notes", "split/notes",
    "resampling/notes", "parent", "suite_sha256", "files_version",
)  # fmt: skip
"""What no file of a version can prove: the configuration as far as it leaves no trace, texts and origins."""


@pytest.mark.slow
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(choice=st.randoms(use_true_random=False))
def test_no_edit_that_changes_a_provable_fact_is_accepted(folder: DatasetFolder, choice: random.Random) -> None:
    original = folder.manifest(1).read_text()
    name, edit = choice.choice(edits(json.loads(original)))
    try:
        content = json.loads(original)
        edit(content)
        folder.manifest(1).write_text(json.dumps(signed(content)))
        told = found(folder, 1)
        assert told or name.startswith(UNPROVABLE), name
    finally:
        folder.manifest(1).write_text(original)


def test_flipped_bytes_of_a_manifest_are_never_accepted_with_other_content(folder: DatasetFolder) -> None:
    original = folder.manifest(1).read_bytes()
    same, choice = json.loads(original), random.Random(0)  # noqa: S311  # repeatable damage
    for _ in range(200):
        flipped = bytearray(original)
        flipped[choice.randrange(len(flipped))] ^= 1 << choice.randrange(8)
        folder.manifest(1).write_bytes(bytes(flipped))
        try:
            accepted = read_manifest(folder, 1)
        except IntegrityError:
            continue
        assert accepted.as_json() == same


def test_the_run_key_of_a_manifest_is_that_of_its_configuration(tmp_path: Path) -> None:
    run: EngineRun = run_engine(mixed_table(400), tmp_path)
    forged = DatasetFolder(run.version.root, "tested")
    content = json.loads(forged.manifest(1).read_text())
    content["config"]["resampling"]["k_neighbors"] = 4
    forged.manifest(1).write_text(json.dumps(signed(content)))
    with pytest.raises(IntegrityError, match="run_key does not agree"):
        read_manifest(forged, 1)
