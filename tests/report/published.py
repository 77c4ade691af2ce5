"""A page as it is published: the second version of a table in which every text tries to run a script."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from counterpoise.records import ExpectationOutcome, Validation
from counterpoise.tasks.evaluate import evaluate
from tests.snapshots import UNCHECKED, EngineRun, mixed_table, run_engine

SCRIPT = "<script>alert(1)</script>"
BREAKING = '"></script></svg></style><img src=x onerror=alert(2)>'


@dataclass(frozen=True)
class PublishedPage:
    """A report and the metrics beside it."""

    path: Path
    metrics: dict[str, Any]

    @property
    def url(self) -> str:
        return self.path.as_uri()

    @property
    def html(self) -> str:
        return self.path.read_text()


def hostile_table(rows: int, *, seed: int) -> pa.Table:
    """Return a table of every common type whose names, classes and levels are markup."""
    table = mixed_table(rows, share=0.15, seed=seed)
    names = {"x": SCRIPT, "word": BREAKING, "label": f"label {SCRIPT}"}
    classes = pa.array(
        [f"positive {SCRIPT}" if value else f"negative {BREAKING}" for value in table["label"].to_pylist()]
    )
    words = pa.array([value and f"{value} {SCRIPT}" for value in table["word"].to_pylist()])
    for name, values in (("label", classes), ("word", words)):
        table = table.set_column(table.column_names.index(name), name, values)
    return table.rename_columns([names.get(name, name) for name in table.column_names])


def publish(folder: Path) -> PublishedPage:
    """Publish two versions and evaluate both; return the second one's page."""
    _evaluated(_run(folder, seed=0), UNCHECKED)
    return _evaluated(_run(folder, seed=1), _validation())


def _run(folder: Path, *, seed: int) -> EngineRun:
    return run_engine(
        hostile_table(2_000, seed=seed),
        folder / str(seed),
        columns={"target": f"label {SCRIPT}", "ids": ["id"]},
        output={"root": str(folder / "datasets")},
        resampling={"strategy": "smote"},
        evaluation={"learners": ["logistic_regression", "random_forest"], "bootstrap": 50, "draws": 2},
    )


def _evaluated(run: EngineRun, validation: Validation) -> PublishedPage:
    report = evaluate.fn(
        run.config,
        snapshot=run.snapshot,
        validation=validation,
        split=run.split,
        resampling=run.resampling,
        version=run.version,
    )
    assert report is not None
    return PublishedPage(Path(report.html), json.loads(Path(report.metrics).read_text()))


def _validation() -> Validation:
    """Return outcomes of every kind and state, with hostile texts."""
    kinds = (
        ("contract", "passed", "the label is there"),
        ("suite", "failed", f"expect_{SCRIPT}"),
        ("suite", "error", BREAKING),
        ("suite", "nothing_checked", SCRIPT),
        ("partitions", "passed", "partitions are disjoint"),
        ("drift", "passed", "expect_table_schema_to_stay(compare=kinds)"),
        ("drift", "failed", "expect_column_population_stability_index_to_be_at_most(threshold=0.25)"),
    )
    outcomes = tuple(
        ExpectationOutcome.model_validate(
            {
                "source": source,
                "status": status,
                "expectation": expectation,
                "columns": (SCRIPT,),
                "severity": "warning",
                "observed": f"13.5 {BREAKING}",
                "checked": 1_234,
                "unexpected": 0 if status == "passed" else 17,
                "examples": (SCRIPT, BREAKING) if status == "failed" else (),
                "notes": SCRIPT,
                "measured": 0.3,
            }
        )
        for source, status, expectation in kinds
    )
    return Validation(success=True, outcomes=outcomes, rejected_rows=3, baseline=1)
