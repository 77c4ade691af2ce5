"""A dataset with every kind of small file, each with what reads it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from counterpoise.compare import StoredLeaderboard, run_comparison, write_leaderboard, write_page
from counterpoise.compare._rounds.prepare import prepare_table
from counterpoise.config import BalanceConfig, PromotionConfig
from counterpoise.drift import profile_source
from counterpoise.errors import IntegrityError, SplitError
from counterpoise.persist import (
    DatasetFolder,
    find_stored_evaluation,
    keep_evidence,
    publish_version,
    read_evaluation_file,
    read_manifest,
    read_stored,
    read_validation,
)
from counterpoise.persist._evidence import read_refusal
from counterpoise.records import ExpectationOutcome, Snapshot, Validation
from counterpoise.report import render_comparison
from counterpoise.results import Rules
from counterpoise.tasks.evaluate import evaluate
from counterpoise.verify._comparisons import comparison_differences
from counterpoise.verify._evaluation import evaluation_differences
from counterpoise.verify._promotions import promotion_differences
from counterpoise.versions import (
    StoredAccess,
    find_baseline,
    promote_by_hand,
    promote_by_rule,
    remember_source,
    write_profile,
)
from counterpoise.versions._known_sources import KnownSource
from counterpoise.versions._promotion.promotions import list_promotions
from tests.snapshots import EngineRun, mixed_table, run_engine

__all__ = ["Dataset", "Kind", "make_dataset", "publish_evaluated"]


@dataclass(frozen=True)
class Kind:
    """One kind of file: an example, what reads it, and what finds contradictions between it and other files."""

    path: Path
    read: Callable[[], Any]
    differences: Callable[[], list[str]]

    def content(self) -> Any:
        """Return what the reader makes of the file, to be compared."""
        found = self.read()
        return found if isinstance(found, bytes) else json.loads(found.model_dump_json(by_alias=True))


@dataclass(frozen=True)
class Dataset:
    """A dataset of two evaluated versions and the last one's configuration."""

    config: BalanceConfig
    folder: DatasetFolder
    kinds: dict[str, Kind]


def make_dataset(folder: Path, *, classes: int = 2) -> Dataset:
    """Publish two versions of one table, evaluate and promote both, and write everything else that a dataset has."""
    table = _table(classes)
    runs = [publish_evaluated(table, folder, strategy=strategy) for strategy in ("random_over", "random_under")]
    config = runs[-1].config
    promote_by_rule(PromotionConfig(rule="not_worse", metric="roc_auc"), runs[0].version)
    promote_by_hand(runs[1].version)
    dataset = DatasetFolder(config.output.root, config.name)
    _play(config, runs[-1].snapshot, table, folder)
    remember_source(config, runs[-1].snapshot.model_copy(update={"identity": "1" * 64}))
    refused = SplitError("single_class", expected="two classes", found="one", remedy="look", values={"classes": 1})
    (area := dataset.staging / "a-run").mkdir(parents=True)
    keep_evidence(config, area, refused)
    return Dataset(config, dataset, _kinds(config, dataset, runs[-1].version.data))


def publish_evaluated(table: pa.Table, folder: Path, *, strategy: str) -> EngineRun:
    """Publish a version with its profile and a verdict, and evaluate it."""
    outcome = ExpectationOutcome(
        expectation="label is there", columns=("label",), severity="critical", status="passed", source="contract"
    )
    evaluation = {"learners": ["logistic_regression"], "bootstrap": 40}
    sections: dict[str, Any] = {"resampling": {"strategy": strategy}, "evaluation": evaluation}
    place = folder / strategy
    drawn = run_engine(table, place, columns={"target": "label", "ids": ["id"]}, **sections)
    profile = write_profile(profile_source(drawn.snapshot, drawn.config.columns, drawn.config.split), place / "profile")
    validation = Validation(success=True, outcomes=(outcome,), profile_file=profile)
    plain = drawn.config.published()
    config = BalanceConfig.model_validate({**plain, "output": {**plain["output"], "root": str(folder / "datasets")}})
    version = publish_version(
        config, snapshot=drawn.snapshot, validation=validation, split=drawn.split, resampling=drawn.resampling
    )
    run = dataclasses.replace(drawn, config=config, version=version)
    stages: dict[str, Any] = {"snapshot": run.snapshot, "split": run.split, "resampling": run.resampling}
    evaluate.fn(config, **stages, validation=validation, version=version)
    return run


def _table(classes: int) -> pa.Table:
    table = mixed_table(900, share=0.3)
    if classes == 2:
        return table
    labels = ["a" if value < 0.6 else "b" if value < 0.85 else "c" for value in _spread(900)]
    return table.set_column(table.column_names.index("label"), "label", pa.array(labels))


def _spread(count: int) -> list[float]:
    return [(number * 0.6180339887498949) % 1 for number in range(count)]


def _play(config: BalanceConfig, snapshot: Snapshot, table: pa.Table, folder: Path) -> None:
    """Play a small tournament and write its leaderboard and page."""
    tournament = {"folds": 2, "strategies": ["none", "random_over"], "learners": ["logistic_regression"]}
    plays = BalanceConfig.model_validate({**config.published(), "tournament": tournament})
    comparison = prepare_table(Rules.of(plays), table.drop_columns(["id"]).slice(0, 300), folder=folder / "comparison")
    board = run_comparison(comparison, dataset=config.name, subprocesses=False)
    written = write_leaderboard(plays, snapshot.digest, board)
    write_page(plays, snapshot.digest, written, render_comparison(written))


def _kinds(config: BalanceConfig, folder: DatasetFolder, data: str) -> dict[str, Kind]:
    base = folder.path
    (board,) = (path for path in (base / "tournaments").glob("*.json"))
    (look, *_) = sorted((base / "tournaments/looks").rglob("*.json"))
    evaluation = base / "evaluations/00000002"

    def metrics() -> Any:
        found = find_stored_evaluation(folder, 2)
        assert found is not None
        return found

    def profile() -> Any:
        found = find_baseline(config, among=[2])
        assert found is not None
        return found.profile

    def validation() -> Validation:
        place = f"{data}/validation.json"
        files = {file.path: file.sha256 for file in read_manifest(folder, 2).files}
        return read_validation(folder, place, sha256=files[place])

    def name(path: Path) -> str:
        return path.relative_to(base).as_posix()

    def evaluated() -> list[str]:
        return evaluation_differences(folder, 2)

    def played() -> list[str]:
        return comparison_differences(folder)

    def page() -> bytes:
        stored = read_stored(folder, StoredLeaderboard, name(board))
        content = board.with_suffix(".html").read_bytes()
        if hashlib.sha256(content).hexdigest() != stored.page_sha256:
            raise IntegrityError("page", found="other content", values={"file": str(board.with_suffix(".html"))})
        return content

    kinds = {
        "metrics": Kind(evaluation / "metrics.json", lambda: metrics().record, evaluated),
        "report": Kind(
            evaluation / "report.html", lambda: read_evaluation_file(folder, metrics(), "report.html"), evaluated
        ),
        "promotion": Kind(
            base / "promotions/00000001.json",
            lambda: list_promotions(folder)[0],
            lambda: promotion_differences(folder),
        ),
        "tournament": Kind(board, lambda: read_stored(folder, StoredLeaderboard, name(board)), played),
        "tournament page": Kind(board.with_suffix(".html"), page, played),
        "look": Kind(look, lambda: read_stored(folder, StoredAccess, name(look)), played),
        "source": Kind(
            base / f"sources/{'1' * 64}.json",
            lambda: read_stored(folder, KnownSource, f"sources/{'1' * 64}.json"),
            list,
        ),
        "profile": Kind(base / data / "profile.json", profile, list),
        "validation": Kind(base / data / "validation.json", validation, list),
        "refusal": Kind(base / "rejected/a-run/reason.json", lambda: read_refusal(folder, "a-run"), list),
    }
    if (evaluation / "correction.json").exists():
        kinds["correction"] = Kind(
            evaluation / "correction.json",
            lambda: read_evaluation_file(folder, metrics(), "correction.json"),
            evaluated,
        )
    return kinds
