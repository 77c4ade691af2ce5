from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from counterpoise.flows.command_line import run_command
from counterpoise.runtime import file_sha256
from counterpoise.versions import open_version, rebuild_version
from tests.flows.test_command_line import write_config

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture(name="recipe", scope="module")
def _recipe(tmp_path_factory: pytest.TempPathFactory, prefect_server: None) -> Path:
    """Publish a version that is stored as a recipe and return its folder, its source beside the datasets."""
    folder = tmp_path_factory.mktemp("recipe")
    config = write_config(folder, "output.materialise=recipe", "resampling.strategy=smote")
    assert run_command(["run", str(config)]) == 0
    return folder


def source_of(folder: Path) -> str:
    (source,) = (path for path in folder.iterdir() if path.suffix in (".csv", ".parquet"))
    return str(source)


def test_a_run_leaves_recipe_report_and_no_train_rows(recipe: Path, capfd: pytest.CaptureFixture[str]) -> None:
    version = open_version(recipe / "datasets" / "tested")
    assert sorted(path.name for path in version.data.iterdir()) == [
        "keys", "profile.json", "recipe", "rejected", "test", "validation", "validation.json"
    ]  # fmt: skip
    assert sorted(path.name for path in (version.data / "keys").iterdir()) == ["test", "validation"]
    assert (version.evaluation / "report.html").exists()
    assert run_command(["verify", str(recipe / "datasets" / "tested")]) == 0
    assert run_command(["run", str(recipe / "tested.yaml")]) == 0
    assert "unchanged since version 1" in capfd.readouterr().out


def test_rebuild_writes_the_published_bytes_into_a_folder(
    recipe: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    address = str(recipe / "datasets" / "tested@1")
    assert run_command(["rebuild", address, "--source", source_of(recipe), "--out", str(tmp_path / "out")]) == 0
    assert "identical to the published bytes" in capfd.readouterr().out
    published = {file.path.split("/", 2)[2]: file.sha256 for file in open_version(address).manifest.files}
    made = {path.relative_to(tmp_path / "out").as_posix(): path for path in (tmp_path / "out").rglob("*.parquet")}
    assert {name: file_sha256(path) for name, path in made.items()} == {
        name: digest for name, digest in published.items() if name.startswith(("train/", "keys/train/"))
    }
    assert run_command(["rebuild", address, "--source", source_of(recipe), "--out", str(tmp_path / "out")]) == 2
    assert "folder_in_use" in capfd.readouterr().err


def test_rebuild_in_place_makes_the_version_readable_and_then_only_compares(
    recipe: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(recipe, tmp_path / "copy")
    address = str(tmp_path / "copy" / "datasets" / "tested")
    assert not rebuild_version(address, source=source_of(recipe)).stored
    assert open_version(address).to_arrow("train").num_rows > 0
    assert run_command(["verify", address]) == 0
    assert run_command(["rebuild", address, "--source", source_of(recipe)]) == 0
    assert "identical to the stored bytes" in capfd.readouterr().out


def test_a_source_that_is_not_where_it_was_is_asked_for(recipe: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_command(["rebuild", str(recipe / "datasets" / "tested")]) == 2
    assert "--source" in capfd.readouterr().err


def test_a_changed_source_is_refused(recipe: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "other.csv"
    other.write_text(Path(source_of(recipe)).read_text().replace("1", "2", 1))
    assert run_command(["rebuild", str(recipe / "datasets" / "tested"), "--source", str(other)]) == 1
    assert "other_source" in capfd.readouterr().err
