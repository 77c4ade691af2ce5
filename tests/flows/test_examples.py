from __future__ import annotations

import json
import re
import runpy
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from counterpoise.flows.balance import balance
from counterpoise.flows.command_line import run_command
from counterpoise.persist import Manifest
from counterpoise.suggest import write_sample
from counterpoise.versions import open_version
from tests.flows.tables import configured, write_table

EXAMPLES = Path(__file__).parents[2] / "examples"


def example(name: str) -> dict[str, Any]:
    return runpy.run_path(str(EXAMPLES / f"{name}.py"))


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("published")
    version = balance(configured(folder, "resampling.strategy=smote"))
    return f"{version.root}/{version.dataset}@{version.version}"


def test_balancing_as_a_step_of_another_flow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_table(tmp_path)
    rows = example("nested_flow")["train_a_model"]("table.csv", "label")
    assert rows == open_version("datasets/table").record.partitions["train"].rows > 300


def test_without_a_server_the_published_files_are_those_of_the_flow(published: str, tmp_path: Path) -> None:
    config = configured(tmp_path, "resampling.strategy=smote")
    version = example("without_server")["publish"](config)
    manifest = open_version(f"{version.root}/{version.dataset}").manifest
    other = open_version(published).manifest

    def digests(found: Manifest) -> set[str]:
        return {file.sha256 for file in found.files if file.path.endswith(".parquet")}

    assert digests(manifest) == digests(other)
    assert open_version(f"{version.root}/{version.dataset}").evaluation.joinpath("report.html").exists()


def test_without_a_server_a_version_is_promoted_and_stored_as_asked_as_by_the_flow(tmp_path: Path) -> None:
    settings = {
        "output": {"root": str(tmp_path / "datasets"), "materialise": "recipe"},
        "promotion": {"rule": "always"},
    }
    publish = example("without_server")["publish"]
    config = configured(tmp_path, "resampling.strategy=smote", **settings)
    version = publish(config)
    assert open_version(f"{version.root}/{version.dataset}@promoted").record.version == version.version == 1
    assert open_version(f"{version.root}/{version.dataset}").stored_as_recipe
    assert publish(config).version == balance(config).version == 1, (
        "an unchanged source gives the version that is there"
    )


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_version_is_read_with_frames(published: str, library: str) -> None:
    frame = example("read_version")[f"with_{library}"](published)
    assert frame["label"].value_counts().shape[0] == 2
    assert len(frame) == open_version(published).record.partitions["train"].rows


def test_a_version_is_read_with_duckdb(published: str) -> None:
    counts = example("read_version")["with_duckdb"](published, "label")
    found = {str(name): rows for name, rows in counts.items()}
    assert found == open_version(published).record.partitions["train"].classes


def test_a_version_is_read_with_hugging_face_datasets(
    published: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path)
    parts = example("read_version")["with_hugging_face"](published)
    rows = {name: part.rows for name, part in open_version(published).record.partitions.items()}
    assert {name: len(part) for name, part in parts.items()} == rows


@pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed; it is no part of the lock file")
def test_a_version_is_read_as_batches_of_tensors(published: str) -> None:
    batches = list(example("read_version")["with_torch"](published, "label", positive="yes", batch_rows=100))
    train = open_version(published).record.partitions["train"]
    assert sum(len(labels) for _, labels in batches) == train.rows
    assert sum(int(labels.sum()) for _, labels in batches) == train.classes["yes"]
    assert {features.shape[1] for features, _ in batches} == {2}


def test_a_version_becomes_a_pipeline_with_a_tuned_threshold(published: str) -> None:
    names = example("as_pipeline")
    version = open_version(published)
    natural = names["natural_train"](version)
    before = version.manifest.resampling.before
    assert {str(label): rows for label, rows in natural["label"].value_counts().items()} == before
    _, positive = names["features_and_labels"](version, version.to_pandas("test"))
    assert 0.1 < positive.mean() < 0.2
    assert positive.mean() < names["score_on_test"](version) <= 1


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning", "ignore::sqlalchemy.exc.SADeprecationWarning")
def test_a_version_is_recorded_in_mlflow(tmp_path: Path, mlflow_store: str) -> None:
    """MLflow makes SQLAlchemy go through all mappings of the process, and Prefect's give warnings."""
    import mlflow

    config = configured(tmp_path, "resampling.strategy=smote", "evaluation.learners=[logistic_regression]")
    run = mlflow.get_run(example("with_mlflow")["balance_and_record"](config, experiment="fraud"))
    version = open_version(f"{config.output.root}/{config.name}")
    metrics = json.loads((version.evaluation / "metrics.json").read_bytes())
    arm = next(arm for arm in metrics["arms"] if arm["strategy"] == "smote")
    recorded = run.data.metrics["test/logistic_regression/smote/average_precision"]
    assert recorded == pytest.approx(arm["test"]["average_precision"])
    assert run.data.params["resampling.strategy"] == "smote"
    assert run.data.tags["counterpoise.verdict"] == metrics["verdict"]
    assert {one.dataset.name for one in run.inputs.dataset_inputs} == {
        f"{config.name}@1/{part}" for part in ("train", "validation", "test")
    }
    report = Path(mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="evaluation/report.html"))
    assert report.read_bytes() == (version.evaluation / "report.html").read_bytes()


def test_a_folder_that_grows_gives_a_version_a_delivery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = EXAMPLES / "incremental.yaml"
    (shown,) = re.findall(r"^#   counterpoise (run examples/incremental\.yaml)", file.read_text(), flags=re.MULTILINE)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").symlink_to(EXAMPLES)
    (tmp_path / "deliveries").mkdir()
    header, *lines = write_sample("fraud", rows=6_000, out=tmp_path / "all.csv", seed=0).read_text().splitlines()
    for number, part in enumerate((lines[:4_000], lines[4_000:]), start=1):
        (tmp_path / "deliveries" / f"{number}.csv").write_text("\n".join([header, *part]) + "\n")
        assert run_command([*shown.split(), "--set", "evaluation.enabled=false"]) == 0
        assert open_version("datasets/fraud-incremental").record.version == number


@pytest.fixture
def mlflow_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A real store of MLflow's: a SQLite database, and artifacts in a folder."""
    import mlflow

    monkeypatch.chdir(tmp_path)
    address = f"sqlite:///{tmp_path}/mlflow.db"
    mlflow.set_tracking_uri(address)
    yield address
    mlflow.set_tracking_uri(None)
