"""A snapshot against suites of expectations, a group of columns at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from counterpoise.config import ValidationConfig
from counterpoise.records import ExpectationOutcome, Snapshot, Validation
from counterpoise.runtime import LOCAL, Engine, Progress, names_refusals, silent
from counterpoise.table import SnapshotReader
from counterpoise.validate._gx.group_piece import answer_group, make_pieces
from counterpoise.validate._gx.groups import plan_groups
from counterpoise.validate._gx.outcomes import Question, missing_columns_outcome, outcome_of
from counterpoise.validate._gx.runner import Answer, load_engine, quiet
from counterpoise.validate._quarantine import InvalidRows
from counterpoise.validate._suites.allowed import check_expectation
from counterpoise.validate._suites.scope import find_scope
from counterpoise.validate._suites.suite import Suite
from counterpoise.validate._verdict import Finding, check_findings, check_rejected_share

__all__ = ["answer_all", "make_questions", "validate_partitions", "validate_snapshot"]


@names_refusals("validate")
def validate_snapshot(
    snapshot: Snapshot,
    suites: Sequence[Suite],
    *,
    config: ValidationConfig,
    folder: Path,
    engine: Engine = LOCAL,
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
        engine: What answers the groups; one that works apart must see the snapshot's files under the same paths.
        progress: Told how many expectations are answered.

    Raises:
        ConfigError: An expectation is not nothing but data; none was run.
        ContractError: A critical expectation failed for good, or too many rows are rejected.
        EngineError: A critical expectation could not be answered.
    """
    folder.mkdir(parents=True, exist_ok=True)
    load_engine()
    questions = make_questions(suites, [column.name for column in snapshot.columns])
    invalid = InvalidRows(snapshot.rows)
    with quiet():
        answers = answer_all(snapshot, questions, progress, engine=engine)
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


@names_refusals("validate")
def validate_partitions(rows: Snapshot, suite: Suite, *, config: ValidationConfig) -> tuple[ExpectationOutcome, ...]:
    """Check a split; its rows are all there is to judge, so that none is set apart.

    Args:
        rows: The rows in a partition, as `counterpoise.validate._partition_rows` gives them.
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
    """Return the expectations of all suites by their position in the run.

    Raises:
        ConfigError: One of them is not nothing but data; none was run.
    """
    there = frozenset(names)
    pairs = [
        (suite, check_expectation(each, f"{suite.source}, expectation {number}"))
        for suite in suites
        for number, each in enumerate(suite.expectations, 1)
    ]
    return {index: Question(each, suite.source, find_scope(each, there)) for index, (suite, each) in enumerate(pairs)}


def answer_all(
    snapshot: Snapshot, questions: Mapping[int, Question], progress: Progress = silent, *, engine: Engine = LOCAL
) -> dict[int, Answer]:
    """Return Great Expectations' answers by position; none to an expectation on columns that are not there.

    Args:
        snapshot: What to check.
        questions: What to ask, by position in the run.
        progress: Told how many are answered.
        engine: What answers the groups.
    """
    names = [column.name for column in snapshot.columns]
    scopes = {index: question.scope for index, question in questions.items() if not question.scope.missing}
    pieces = make_pieces(snapshot, plan_groups(scopes, names=names, rows=snapshot.rows), questions)
    several = sum(piece.group.kind != "names" for piece in pieces) > 1  # a single one is not worth the way
    answers: dict[int, Answer] = {}
    for _, answered in (engine if several else LOCAL).map(answer_group, pieces):
        answers |= answered
        progress(len(answers), len(questions))
    return answers


def _finding(index: int, question: Question, answers: Mapping[int, Answer], invalid: InvalidRows) -> Finding:
    if index not in answers:
        return Finding(question, missing_columns_outcome(question))
    answer = answers[index]
    if answer.failing_rows is not None:
        invalid.add(answer.failing_rows, index)
    by_row = answer.failing_rows is not None and len(answer.failing_rows) > 0
    return Finding(question, outcome_of(question, answer), by_row)
