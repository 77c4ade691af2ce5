"""Decide what failed expectations mean: continue, quarantine rows, or stop with an error that explains why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from counterpoise.config import ValidationConfig
from counterpoise.errors import ContractError, EngineError
from counterpoise.records import ExpectationOutcome, Snapshot
from counterpoise.validate._gx.outcomes import ScopedExpectation

_SHOWN = 10
_WARNINGS_SHOWN = 3
_KEPT = 100
_GROWTH = "expect_table_growth_measure_to_be_between"
"""Its observations are self-explanatory sentences about files and rows, so its name and bounds are not shown."""


@dataclass(frozen=True)
class Finding:
    """An expectation, its outcome, and whether the rows that break it can be quarantined."""

    scoped: ScopedExpectation
    outcome: ExpectationOutcome
    by_row: bool = False


def check_findings(findings: Sequence[Finding], config: ValidationConfig, evidence: dict[str, Any]) -> None:
    """Raise an error if critical expectations failed, unless the rows that break them are quarantined.

    Args:
        findings: All findings of the run in order.
        config: The policy for invalid rows.
        evidence: Values to add to the error.

    Raises:
        ContractError: An expectation failed and its rows cannot be quarantined, or there was nothing to check.
        EngineError: No expectation failed, but one could not be checked.
    """
    critical = [finding for finding in findings if finding.outcome.severity == "critical"]
    quarantine = config.on_invalid_rows == "quarantine"
    failed = [
        finding
        for finding in critical
        if finding.outcome.status in ("failed", "nothing_checked") and not (quarantine and finding.by_row)
    ]
    unanswered = [finding for finding in critical if finding.outcome.status == "error"]
    if failed:
        raise _failed_error(_by_source([*failed, *unanswered]), _warned(findings, failed), evidence)
    if unanswered:
        raise EngineError(
            "expectation_not_answered",
            expected="a result for every critical expectation",
            found=_listed([_line(finding) for finding in unanswered]),
            remedy="check that the expectation's values match the column's type, and correct it in the suite",
            values={**evidence, "failed": _records(unanswered)},
        )


def check_rejected_share(
    rejected: int, snapshot: Snapshot, config: ValidationConfig, findings: Sequence[Finding], evidence: dict[str, Any]
) -> None:
    """Raise an error if too large a share of the source's rows is rejected, including unreadable lines.

    Raises:
        ContractError: The share is above `config.max_rejected`.
    """
    total = snapshot.rows + snapshot.rejected_lines
    rejected_in_all = rejected + snapshot.rejected_lines
    if total == 0 or rejected_in_all <= config.max_rejected * total:
        return
    causes = [_line(finding) for finding in findings if finding.by_row and finding.outcome.severity == "critical"]
    if snapshot.rejected_lines:
        causes.insert(0, f"{snapshot.rejected_lines:,} lines could not be read")
    raise ContractError(
        "too_many_rejected",
        expected=f"at most {config.max_rejected:.4g} of the rows rejected (validation.max_rejected)",
        found=f"{rejected_in_all:,} of {total:,} ({rejected_in_all / total:.4g}): {_listed(causes)}",
        remedy="fix the source, or raise validation.max_rejected if you expect that many",
        values={**evidence, "rejected": rejected_in_all, "rows": total},
    )


def _warned(findings: Sequence[Finding], failed: Sequence[Finding]) -> list[Finding]:
    """Return the warnings, without those that repeat a failure with looser bounds."""
    reported = {_subject(finding) for finding in failed}
    warned = [one for one in findings if one.outcome.severity == "warning" and one.outcome.status != "passed"]
    return [finding for finding in warned if _subject(finding) not in reported]


def _subject(finding: Finding) -> tuple[str, tuple[str, ...]]:
    return finding.scoped.expectation["type"], finding.outcome.columns


def _by_source(failed: Sequence[Finding]) -> list[Finding]:
    """Sort findings about drift first: they explain a broken feed better than its consequences do."""
    return sorted(failed, key=lambda finding: finding.scoped.source != "drift")


def _failed_error(failed: Sequence[Finding], warned: Sequence[Finding], evidence: dict[str, Any]) -> ContractError:
    metas = [finding.scoped.expectation.get("meta") or {} for finding in failed if finding.scoped.source != "suite"]
    own = [meta["counterpoise"] for meta in metas if isinstance(meta.get("counterpoise"), dict)]
    reasons = [meta["reason"] for meta in own if "reason" in meta]
    remedies = list(dict.fromkeys(meta["remedy"] for meta in own if "remedy" in meta))
    if len(own) < len(failed) or not remedies:
        remedies.append("fix the source, or change the expectation or its severity in the suite")
    if any(finding.by_row for finding in failed):
        remedies.append("set validation.on_invalid_rows to quarantine such rows instead")
    number = len(failed)
    shown = "; ".join(_line(one) for one in warned[:_WARNINGS_SHOWN])
    warnings = f"; also {len(warned):,} warnings, such as {shown}" if warned else ""
    return ContractError(
        reasons[0] if reasons else "expectations_failed",
        expected=_expected(failed),
        found=("" if number == 1 else f"{number} that fail: ") + _listed([_line(one) for one in failed]) + warnings,
        remedy="; ".join(remedies),
        values={**evidence, "failed": _records(failed), "warned": _records(warned)},
    )


def _expected(failed: Sequence[Finding]) -> str:
    """Return the expected result; for the contract, with the expectation's own notes."""
    if len(failed) > 1:
        return "all critical expectations to pass"
    notes = failed[0].outcome.notes if failed[0].outcome.source == "contract" else ""
    return f"data that satisfies the contract ({notes.rstrip('.')})" if notes else "the critical expectation to pass"


def _records(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    return [finding.outcome.model_dump(mode="json") for finding in findings[:_KEPT]]


def _line(finding: Finding) -> str:
    outcome = finding.outcome
    columns = f" on {', '.join(map(repr, outcome.columns))}" if outcome.columns else ""
    what = "there was nothing to check" if outcome.status == "nothing_checked" else outcome.observed or outcome.status
    examples = f", such as {', '.join(map(repr, outcome.examples[:3]))}" if outcome.examples else ""
    self_explanatory = outcome.source == "drift" and (outcome.columns or outcome.expectation.startswith(_GROWTH))
    return f"{'' if self_explanatory else outcome.expectation}{columns}: {what}{examples}".lstrip()


def _listed(lines: Sequence[str]) -> str:
    more = f"; and {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else ""
    return "; ".join(lines[:_SHOWN]) + more
