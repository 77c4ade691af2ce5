"""A snapshot against suites of expectations, a group of columns at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import TYPE_CHECKING, Any

from counterpoise.core.config import ValidationConfig
from counterpoise.core.progress import Progress, silent
from counterpoise.core.records import ExpectationOutcome, Snapshot, Validation
from counterpoise.core.snapshot import SnapshotReader
from counterpoise.core.validate.engine import Answer, load_engine, quiet, run_expectations
from counterpoise.core.validate.frames import ARROW_TYPES, to_frame
from counterpoise.core.validate.groups import Group, plan_groups
from counterpoise.core.validate.outcomes import Question, missing_columns_outcome, outcome_of
from counterpoise.core.validate.quarantine import InvalidRows
from counterpoise.core.validate.scope import find_scope
from counterpoise.core.validate.suite import Suite
from counterpoise.core.validate.verdict import Finding, check_findings, check_rejected_share

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["answer_all", "make_questions", "validate_partitions", "validate_snapshot"]

_WORKERS = 2


def validate_snapshot(
    snapshot: Snapshot,
    suites: Sequence[Suite],
    *,
    config: ValidationConfig,
    folder: Path,
    progress: Progress = silent,
) -> Validation:
    """Check a snapshot and set apart the rows that break a critical expectation.

    The results are those of Great Expectations on the whole table, at the memory of a few columns. An expectation
    that had nothing to check does not pass. Severity decides: critical stops or sets rows apart, the others are only
    reported.

    Args:
        snapshot: What to check.
        suites: Their expectations, in order: a row that breaks several is rejected for the first.
        config: What to do with invalid rows, and how many are too many.
        folder: Where the rejected rows are written, also where an error is raised.
        progress: Told how many expectations are answered.

    Raises:
        ContractError: A critical expectation failed for good, or too many rows are rejected.
        EngineError: A critical expectation could not be answered.
    """
    folder.mkdir(parents=True, exist_ok=True)
    load_engine()
    questions = make_questions(suites, [column.name for column in snapshot.columns])
    invalid = InvalidRows(snapshot.rows)
    with quiet():
        answers = answer_all(snapshot, questions, progress)
    findings = [_finding(index, question, answers, invalid) for index, question in questions.items()]
    rejects = folder / "invalid_rows.parquet"
    if invalid.count:
        invalid.write(SnapshotReader(snapshot), questions, rejects)
    rejects_file = str(rejects) if invalid.count else ""
    evidence = {"rejects_file": rejects_file, "rejected_rows": invalid.count}
    check_findings(findings, config, evidence)
    check_rejected_share(invalid.count, snapshot, config, findings, evidence)
    return Validation(
        success=True,
        outcomes=tuple(finding.outcome for finding in findings),
        rejected_rows=invalid.count,
        rejects_file=rejects_file,
        baseline=max((suite.baseline for suite in suites), default=0),
    )


def validate_partitions(rows: Snapshot, suite: Suite, *, config: ValidationConfig) -> tuple[ExpectationOutcome, ...]:
    """Check a split; its rows are all there is to judge, so that none is set apart.

    Args:
        rows: The rows in a partition, as `counterpoise.core.validate.partition_rows` gives them.
        suite: What must hold of them.
        config: As for the source.

    Raises:
        ContractError: A critical expectation failed.
        EngineError: A critical expectation could not be answered.
    """
    load_engine()
    questions = make_questions([suite], [column.name for column in rows.columns])
    with quiet():
        answers = answer_all(rows, questions)
    findings = [Finding(question, outcome_of(question, answers[index])) for index, question in questions.items()]
    check_findings(findings, config, {})
    return tuple(finding.outcome for finding in findings)


def make_questions(suites: Iterable[Suite], names: Sequence[str]) -> dict[int, Question]:
    """Return the expectations of all suites by their position in the run."""
    pairs = [(suite, {"kwargs": {}, **each}) for suite in suites for each in suite.expectations]
    return {index: Question(each, suite.source, find_scope(each, names)) for index, (suite, each) in enumerate(pairs)}


def answer_all(snapshot: Snapshot, questions: Mapping[int, Question], progress: Progress = silent) -> dict[int, Answer]:
    """Return Great Expectations' answers by position; none to an expectation on columns that are not there.

    Args:
        snapshot: What to check.
        questions: What to ask, by position in the run.
        progress: Told how many are answered.
    """
    names = [column.name for column in snapshot.columns]
    scopes = {index: question.scope for index, question in questions.items() if not question.scope.missing}
    groups = plan_groups(scopes, names=names, rows=snapshot.rows)
    answers: dict[int, Answer] = {}
    with ThreadPoolExecutor(_WORKERS) as pool:
        running = [pool.submit(_answer_group, snapshot, group, questions) for group in groups]
        try:
            for future in as_completed(running):
                answers |= future.result()
                progress(len(answers), len(questions))
        finally:
            pool.shutdown(cancel_futures=True)
    return answers


def _answer_group(snapshot: Snapshot, group: Group, questions: Mapping[int, Question]) -> dict[int, Answer]:
    expectations: dict[int, dict[str, Any]] = {index: questions[index].expectation for index in group.members}
    return run_expectations(_frame(snapshot, group), expectations)


def _frame(snapshot: Snapshot, group: Group) -> pd.DataFrame:
    """Return what the group's expectations must see; column names alone need no row."""
    import pandas as pd

    reader = SnapshotReader(snapshot)
    if group.kind == "names":
        empty = to_frame(reader.schema.empty_table())
        empty.attrs[ARROW_TYPES] = {column.name: column.type for column in snapshot.columns}
        return empty
    if not group.columns:
        return pd.DataFrame(index=pd.RangeIndex(snapshot.rows))
    return to_frame(reader.read_columns(group.columns))


def _finding(index: int, question: Question, answers: Mapping[int, Answer], invalid: InvalidRows) -> Finding:
    if index not in answers:
        return Finding(question, missing_columns_outcome(question))
    answer = answers[index]
    if answer.failing_rows is not None:
        invalid.add(answer.failing_rows, index)
    by_row = answer.failing_rows is not None and len(answer.failing_rows) > 0
    return Finding(question, outcome_of(question, answer), by_row)
