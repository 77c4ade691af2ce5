"""Check a snapshot with suites of expectations, one group of columns at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from counterpoise.config import ValidationConfig
from counterpoise.records import ExpectationOutcome, Snapshot, Validation
from counterpoise.runtime import LOCAL, Engine, Progress, names_refusals, silent
from counterpoise.table import SnapshotReader
from counterpoise.validate._gx.group_piece import answer_group, make_pieces
from counterpoise.validate._gx.groups import plan_groups
from counterpoise.validate._gx.outcomes import ScopedExpectation, missing_columns_outcome, outcome_of
from counterpoise.validate._gx.runner import Answer, load_engine, quiet
from counterpoise.validate._quarantine import InvalidRows
from counterpoise.validate._suites.allowed import check_expectation
from counterpoise.validate._suites.scope import find_scope
from counterpoise.validate._suites.suite import Suite
from counterpoise.validate._verdict import Finding, check_findings, check_rejected_share


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
    """Check a snapshot and quarantine the rows that break a critical expectation.

    The results are the same as those of Great Expectations on the whole table, with the memory of a few columns. An
    expectation that has nothing to check does not pass. A failed critical expectation stops the run or quarantines
    rows; other failures are only reported.

    Args:
        snapshot: The snapshot to check.
        suites: The suites in order; a row that breaks several expectations is rejected for the first.
        config: The policy for invalid rows, and the maximum share of rejected rows.
        folder: The folder for the rejected rows, which are written even if an error is raised.
        engine: The engine that checks the groups; a remote one must see the snapshot's files under the same paths.
        progress: Callback for the number of checked expectations.

    Raises:
        ConfigError: An expectation is not plain data; no expectation was run.
        ContractError: A critical expectation failed and its rows cannot be quarantined, or too many rows are rejected.
        EngineError: A critical expectation could not be checked.
    """
    folder.mkdir(parents=True, exist_ok=True)
    load_engine()
    expectations = scope_expectations(suites, [column.name for column in snapshot.columns])
    invalid = InvalidRows(snapshot.rows)
    with quiet():
        answers = answer_all(snapshot, expectations, progress, engine=engine)
    findings = [_finding(index, scoped, answers, invalid) for index, scoped in expectations.items()]
    rejects = folder / "invalid_rows.parquet"
    if invalid.count:
        invalid.write(SnapshotReader(snapshot), expectations, rejects)
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
    """Check a split as a whole, without quarantining rows.

    Args:
        rows: The rows that have a partition, from `partition_rows`.
        suite: The suite that they must satisfy.
        config: The same configuration as for the source.

    Raises:
        ContractError: A critical expectation failed.
        EngineError: A critical expectation could not be checked.
    """
    load_engine()
    expectations = scope_expectations([suite], [column.name for column in rows.columns])
    with quiet():
        answers = answer_all(rows, expectations)
    findings = [Finding(scoped, outcome_of(scoped, answers[index])) for index, scoped in expectations.items()]
    check_findings(findings, config, {})
    return tuple(finding.outcome for finding in findings)


def scope_expectations(suites: Iterable[Suite], names: Sequence[str]) -> dict[int, ScopedExpectation]:
    """Return the expectations of all suites, with their scopes, by position in the run.

    Raises:
        ConfigError: An expectation is not plain data; no expectation was run.
    """
    known = frozenset(names)
    pairs = [
        (suite, check_expectation(each, f"{suite.source}, expectation {number}"))
        for suite in suites
        for number, each in enumerate(suite.expectations, 1)
    ]
    return {
        index: ScopedExpectation(each, suite.source, find_scope(each, known))
        for index, (suite, each) in enumerate(pairs)
    }


def answer_all(
    snapshot: Snapshot,
    expectations: Mapping[int, ScopedExpectation],
    progress: Progress = silent,
    *,
    engine: Engine = LOCAL,
) -> dict[int, Answer]:
    """Return Great Expectations' answers by position, without expectations on columns that do not exist.

    Args:
        snapshot: The snapshot to check.
        expectations: The expectations by position in the run.
        progress: Callback for the number of checked expectations.
        engine: The engine that checks the groups.
    """
    names = [column.name for column in snapshot.columns]
    scopes = {index: scoped.scope for index, scoped in expectations.items() if not scoped.scope.missing}
    pieces = make_pieces(snapshot, plan_groups(scopes, names=names, rows=snapshot.rows), expectations)
    several = sum(piece.group.kind != "names" for piece in pieces) > 1  # a single piece is not worth the overhead
    answers: dict[int, Answer] = {}
    for _, answered in (engine if several else LOCAL).map(answer_group, pieces):
        answers |= answered
        progress(len(answers), len(expectations))
    return answers


def _finding(index: int, scoped: ScopedExpectation, answers: Mapping[int, Answer], invalid: InvalidRows) -> Finding:
    if index not in answers:
        return Finding(scoped, missing_columns_outcome(scoped))
    answer = answers[index]
    if answer.failing_rows is not None:
        invalid.add(answer.failing_rows, index)
    by_row = answer.failing_rows is not None and len(answer.failing_rows) > 0
    return Finding(scoped, outcome_of(scoped, answer), by_row)
