"""Every strategy on small real tables: published and verified, or refused for a reason that names a remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from counterpoise.config import BalanceConfig
from counterpoise.errors import ResamplingError
from counterpoise.ingest import ingest_source
from counterpoise.persist import publish_version
from counterpoise.records import Snapshot
from counterpoise.resample._plan import plan_resampling
from counterpoise.split import split_snapshot
from counterpoise.strategies import STRATEGIES
from counterpoise.verify._version import verify_version
from tests.catalog import RealTable, table_parameters
from tests.snapshots import UNCHECKED

pytestmark = pytest.mark.slow

SMALL = ("ecoli", "iris", "oil_spill")
REASONS = ("unsuitable_features", "sampler_refused", "class_removed")
NEVER_REFUSED = ("none", "weights", "random_over", "random_under", "smote", "borderline_smote", "smote_tomek")


def settled(table: RealTable, folder: Path) -> tuple[Snapshot, str]:
    """Return the table's snapshot and the name of its label."""
    source = BalanceConfig.model_validate(
        {"name": "t", "source": {"path": str(table.path)}, "columns": {"target": "?"}}
    )
    snapshot = ingest_source(source.source, target=table.target, folder=folder)
    names = [column.name for column in snapshot.columns]
    return snapshot, table.target if table.target in names else names[int(table.target)]


def publish(snapshot: Snapshot, target: str, strategy: str, folder: Path) -> list[str]:
    """Publish with the strategy and return what verifying finds."""
    config = BalanceConfig.model_validate(
        {
            "name": "real",
            "source": {"path": "real"},
            "columns": {"target": target},
            "split": {"rare_classes": "train_only"},
            "resampling": {"strategy": strategy, "too_few_neighbors": "random_over"},
            "output": {"root": str(folder / "datasets")},
        }
    )
    split = split_snapshot(
        snapshot, columns=config.columns, config=config.split, validation=UNCHECKED, seed=0, folder=folder / "split"
    )
    plan = plan_resampling(
        snapshot, split, columns=config.columns, config=config.resampling, seed=0, folder=folder / "plan"
    )
    version = publish_version(config, snapshot=snapshot, validation=UNCHECKED, split=split, resampling=plan)
    return verify_version(version.root, version.dataset, version.version)


@pytest.mark.parametrize("strategy", [name for name in STRATEGIES if name != "auto"])
@pytest.mark.parametrize("table", [each for each in table_parameters() if each.id in (*SMALL, "missing")])
def test_a_strategy_publishes_a_real_table_or_says_why_not(table: RealTable, strategy: str, tmp_path: Path) -> None:
    snapshot, target = settled(table, tmp_path / "snapshot")
    try:
        differences = publish(snapshot, target, strategy, tmp_path)
    except ResamplingError as refused:
        allowed = strategy not in NEVER_REFUSED and refused.reason in REASONS and bool(refused.remedy)
        differences = [] if allowed else [str(refused)]
    assert differences == []
