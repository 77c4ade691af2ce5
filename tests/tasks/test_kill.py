"""Fault 35 over all stages: SIGKILL at any stage leaves nothing partial, and the next run succeeds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from counterpoise.config import BalanceConfig
from counterpoise.evaluate import find_evaluation
from counterpoise.persist import DatasetFolder, workspace
from counterpoise.records import DatasetVersion
from counterpoise.verify._version import verify_version
from counterpoise.versions import list_versions
from tests.killed import count_calls, kill_at_call

pytestmark = pytest.mark.slow

POINTS = 8
STAGES = (
    "counterpoise.tasks.",
    "counterpoise.evaluate._inputs",
    "counterpoise.persist._files.evaluation_files",
)


def run_stages(folder: Path) -> DatasetVersion:
    """Run all stages in order, as the flow does, without a server."""
    from counterpoise.tasks.evaluate import evaluate
    from counterpoise.tasks.ingest import ingest
    from counterpoise.tasks.persist import persist
    from counterpoise.tasks.resample import resample
    from counterpoise.tasks.split import split
    from counterpoise.tasks.validate import validate

    source = folder / "table.csv"
    source.write_text("x,y,label\n" + "".join(f"{n}.5,{n * 7 % 31},{int(n % 6 == 0)}\n" for n in range(300)))
    config = BalanceConfig.model_validate(
        {
            "name": "tested",
            "source": {"path": str(source)},
            "columns": {"target": "label"},
            "output": {"root": str(folder / "datasets")},
            "evaluation": {"learners": ["logistic_regression"], "bootstrap": 0},
        }
    )
    area = workspace(folder / "datasets", "tested", "run")
    snapshot = ingest.fn(config, folder=area)
    validation = validate.fn(config, snapshot, folder=area)
    plan = split.fn(config, snapshot, validation, folder=area)
    resampling = resample.fn(config, snapshot, plan, folder=area)
    records: dict[str, Any] = {"snapshot": snapshot, "validation": validation, "split": plan, "resampling": resampling}
    version = persist.fn(config, **records)
    evaluate.fn(config, **records, version=version)
    return version


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> int:
    """How many calls of the stages' functions a whole run makes."""
    return count_calls(run_stages, tmp_path_factory.mktemp("count"), STAGES)


@pytest.mark.parametrize("point", range(POINTS))
def test_a_run_killed_between_stages_leaves_nothing_partial_and_the_next_succeeds(
    tmp_path: Path, calls: int, point: int
) -> None:
    assert kill_at_call(run_stages, tmp_path, STAGES, 1 + point * (calls - 1) // (POINTS - 1)) == -9
    folder = DatasetFolder(tmp_path / "datasets", "tested")
    for seen in list_versions(folder.root, "tested"):
        assert verify_version(folder.root, "tested", seen.version) == []
        report = find_evaluation(seen)
        assert report is None or "</html>" in Path(report.html).read_text()
    version = run_stages(tmp_path)
    assert folder.version_numbers() == [1]
    assert verify_version(folder.root, "tested", 1) == []
    assert find_evaluation(version) is not None
