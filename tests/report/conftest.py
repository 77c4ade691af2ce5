"""A report built from hand-made records and a small real evaluation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from counterpoise.config import BalanceConfig, EvaluationConfig
from counterpoise.evaluate import compare_strategies
from counterpoise.evaluate._tables import EvaluationTables
from counterpoise.records import (
    Certificate,
    ClassCounts,
    ColumnSchema,
    DatasetVersion,
    ExpectationOutcome,
    PartitionSummary,
    ResamplingPlan,
    Snapshot,
    SnapshotFile,
    SplitPlan,
    Validation,
)
from counterpoise.report._data import ReportData, build_report_data
from counterpoise.results import (
    QUANTILES,
    ClassQuality,
    ColumnDrift,
    Distances,
    Nearness,
    ResampledOutcome,
    SyntheticQuality,
    SyntheticReview,
)
from tests.report.published import PublishedPage, publish

MakeData = Callable[..., ReportData]

_CHECKS = ("partitions_disjoint_by_row", "partitions_disjoint_by_content", "rows_balance", "keys_aligned")


def _table(classes: tuple[str, ...], rows: int, seed: int) -> pa.Table:
    rng = np.random.default_rng(seed)
    shares = np.array([0.8, 0.2]) if len(classes) == 2 else np.full(len(classes), 1 / len(classes))
    codes = np.repeat(np.arange(len(classes)), np.round(shares * rows).astype(int))
    return pa.table({"a": rng.normal(size=len(codes)) + codes, "label": np.array(classes)[codes]})


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> PublishedPage:
    """Publish a page from a real run, once for all tests that look at it."""
    return publish(tmp_path_factory.mktemp("published"))


@pytest.fixture(scope="session")
def make_metrics() -> Callable[..., dict[str, Any]]:
    """Evaluate generated tables with the given classes."""

    @cache
    def make(
        classes: tuple[str, ...] = ("no", "yes"), *, strategy: str = "random_over", rows: int = 500,
        bootstrap: int = 60, draws: int = 2, **settings: Any,
    ) -> dict[str, Any]:  # fmt: skip
        natural = _table(classes, rows, 0)
        untouched = {"validation": _table(classes, rows, 1), "test": _table(classes, rows, 2)}
        amounts = {}
        if settings.get("cost_column"):
            amounts = {name: np.random.default_rng(len(name)).lognormal(2, 1, rows) for name in untouched}
        tables = EvaluationTables(
            natural, _table(classes, rows, 0), **untouched, target="label", natural_rows=rows, amounts=amounts
        )
        learners = ("logistic_regression", "random_forest")
        config = EvaluationConfig(learners=learners, bootstrap=bootstrap, draws=draws, **settings)
        return compare_strategies(tables, strategy=strategy, config=config, seed=0)

    return make


@pytest.fixture(scope="session")
def metrics(make_metrics: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    return make_metrics()


@pytest.fixture(scope="session")
def outcomes() -> tuple[ExpectationOutcome, ...]:
    return (
        ExpectationOutcome(
            expectation="the label is there",
            columns=("label",),
            severity="critical",
            status="passed",
            source="contract",
        ),
        ExpectationOutcome(
            expectation="age lies between 18 and 100",
            columns=("age",),
            severity="warning",
            status="failed",
            source="suite",
            observed="2 unexpected",
            checked=1_000,
            unexpected=2,
            examples=("-1", "999"),
            notes="people",
        ),
        ExpectationOutcome(
            expectation="codes are known", columns=("code",), severity="info", status="nothing_checked", source="suite"
        ),
        ExpectationOutcome(
            expectation="a broken one", columns=("code",), severity="info", status="error", source="suite"
        ),
    )


@pytest.fixture(scope="session")
def make_data(outcomes: tuple[ExpectationOutcome, ...]) -> MakeData:
    """Build a report; what is not given is harmless."""

    def make(
        *,
        metrics: dict[str, Any] | None = None,
        counts: ClassCounts | None = None,
        strategy: str = "random_over",
        target: str = "label",
        path: str = "data/people.csv",
        columns: tuple[str, ...] = ("age", "code", "label"),
        results: tuple[ExpectationOutcome, ...] = outcomes,
        notes: tuple[str, ...] = (),
        checks: dict[str, bool] | None = None,
        command: str = "",
        root: str = "datasets",
        synthetic: SyntheticReview | None = None,
        baseline: int = 0,
    ) -> ReportData:
        counts = counts or {"no": 800, "yes": 200}
        after = dict.fromkeys(counts, max(counts.values())) if strategy != "none" else counts
        parts = {"train": counts, "validation": counts, "test": counts}
        rows = 3 * sum(counts.values())
        config = BalanceConfig.model_validate(
            {
                "name": "people",
                "seed": 11,
                "source": {"path": path},
                "columns": {"target": target, "ids": ["customer"], "drop": ["comment"]},
                "resampling": {"strategy": strategy},
                "output": {"root": root},
            }
        )
        return build_report_data(
            config=config,
            snapshot=Snapshot(
                files=(SnapshotFile(path="x.arrow", format="arrow", rows=rows, bytes=1, sha256="0" * 64),),
                rows=rows,
                columns=tuple(ColumnSchema(name=name, type="string") for name in columns),
                digest="ab" * 32,
                rejected_lines=3,
                notes=notes,
            ),
            validation=Validation(success=True, outcomes=results, rejected_rows=2, baseline=baseline),
            split=SplitPlan(file="f", sha256="0", classes=tuple(counts), counts=parts, duplicate_rows=7, notes=notes),
            resampling=ResamplingPlan(
                strategy=strategy,
                copies_file="c",
                before=counts,
                after=after,
                repeated=600,
                notes=notes,
                synthetic=synthetic.quality.synthetic_rows if synthetic else 0,
            ),
            version=DatasetVersion(
                root=root,
                dataset="people",
                version=7,
                run_key="cd" * 32,
                data="data/5f0c",
                manifest="versions/00000007.json",
                partitions={
                    name: PartitionSummary(rows=sum(part.values()), classes=part)
                    for name, part in {**parts, "train": after}.items()
                },
                rejected=5,
                dropped=0,
            ),
            certificate=Certificate(
                checks=checks or dict.fromkeys(_CHECKS, True),
                rows_in=rows + 5,
                rows_original=rows,
                rows_dropped=0,
                rows_rejected=5,
                fingerprints={"test": "e" * 16},
            ),
            libraries={"scikit-learn": "1.9.1", "pandas": "3.1"},
            metrics=metrics,
            synthetic=synthetic,
            command=command,
            created=datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC),
        )

    return make


@pytest.fixture(scope="session")
def make_review() -> Callable[..., SyntheticReview]:
    """Build a review of synthetic rows; what is not given is harmless."""

    def make(text: str = "yes", *, nearer: float | None = 0.25, drifts: int = 3, broken: int = 1) -> SyntheticReview:
        moved = ColumnDrift(
            column=text, kind="interpolated", drift=0.5, p_value=0.001, missing_real=0.1, missing_synthetic=0.0,
            mean_difference=-0.3, spread_ratio=0.75,
        )  # fmt: skip
        voted = ColumnDrift(
            column="word", kind="voted", drift=0.4, p_value=0.001, missing_real=0.0, missing_synthetic=0.0,
            moved_level=text, moved_real=0.2, moved_synthetic=0.6, levels_lost=4, lost_share=0.02,
            lost_examples=(text, "b", "c", "d"),
        )  # fmt: skip
        still = ColumnDrift(
            column="still", kind="interpolated", drift=0.01, p_value=0.9, missing_real=0.0, missing_synthetic=0.0
        )
        part = ClassQuality(
            name=text,
            synthetic_rows=9_000,
            real_rows=200,
            synthetic_looked_at=5_000,
            real_looked_at=200,
            nearer_to_another_class=Nearness(synthetic=nearer, real=0.125, synthetic_with_parents=0.01),
            distances=Distances(synthetic=tuple(0.5 * share for share in QUANTILES), real=QUANTILES),
            copies_of_own_class=17,
            copies_of_another_class=0,
            repetitions=3,
            real_repetitions=2,
            columns=3,
            drift=(moved, voted, still)[:drifts],
        )
        quality = SyntheticQuality(
            synthetic_rows=9_000,
            synthetic_looked_at=5_000,
            real_rows=1_000,
            real_looked_at=1_000,
            even_share=1.0,
            classes=(part,),
            notes=(text,),
        )
        shared = {"expectation": text, "columns": (text,), "severity": "critical", "source": "suite"}
        failed = ResampledOutcome(
            **shared, status="failed", checked=10_000, unexpected=42, unexpected_synthetic=40, unexpected_original=2,
            examples=(text,), notes=text,
        )  # fmt: skip
        passed = ResampledOutcome(**shared, status="passed", checked=10_000, notes=text)
        error = ResampledOutcome(**shared, status="error", observed=text)
        left_out = ResampledOutcome(**shared, status="nothing_checked", notes=f"Left out: {text}.", left_out=True)
        return SyntheticReview(quality=quality, outcomes=(failed,) * broken + (passed, error, left_out))

    return make
