"""Promote a version, by the configured rule or by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from counterpoise.config import PromotionConfig
from counterpoise.errors import StorageUnavailableError
from counterpoise.persist import DatasetFolder
from counterpoise.records import DatasetVersion
from counterpoise.results import Promotion
from counterpoise.runtime import names_refusals
from counterpoise.storage import Patience, paced
from counterpoise.versions._changes.previous import read_metrics
from counterpoise.versions._promotion.promotions import add_promotion, list_promotions, newest_promotion
from counterpoise.versions._promotion.references import VersionMetrics, earlier_versions
from counterpoise.versions._promotion.rules import decide_promotion

BY_HAND = "by hand"

_TRIES = 20


@dataclass(frozen=True)
class PromotionOutcome:
    """The outcome of a promotion attempt.

    Attributes:
        promotion: The promotion that was made, or None.
        reason: The reason for or against it, in a sentence.
    """

    promotion: Promotion | None
    reason: str


@names_refusals("promote")
def promote_by_rule(settings: PromotionConfig, version: DatasetVersion) -> PromotionOutcome:
    """Promote a version if the rule says so.

    A rule never promotes a version twice, nor one older than a version that was already promoted: a promotion by hand
    stays in effect until a newer version arrives.

    Args:
        settings: The rule; `never` promotes nothing.
        version: The published version.

    Raises:
        IntegrityError: A promotion or the metrics of a version cannot be read.
        MachineError: The file system refuses.
        StorageError: The object store refuses, or other processes were faster each time.
    """
    folder = DatasetFolder.of(version)
    candidate = VersionMetrics(version.version, read_metrics(folder, version.version))
    for _ in paced(Patience(tries=_TRIES)):
        known = list_promotions(folder)
        if reason := why_settled(version.version, known):
            return PromotionOutcome(None, reason)
        last = known[-1] if known else None
        promoted = earlier_versions(known, lambda number: read_metrics(folder, number))
        decision = decide_promotion(settings, candidate, promoted)
        if not decision.promoted or settings.rule == "never":
            return PromotionOutcome(None, decision.reason)
        promotion = add_promotion(
            folder,
            after=last,
            version=version.version,
            rule=settings.rule,
            reason=decision.reason,
            numbers=decision.numbers,
        )
        if promotion is not None:
            return PromotionOutcome(promotion, decision.reason)
    raise _contended(folder)


@names_refusals("promote")
def promote_by_hand(version: DatasetVersion) -> PromotionOutcome:
    """Promote a version regardless of its metrics; a version that is already promoted gets no second promotion.

    Raises:
        IntegrityError: The newest promotion cannot be read.
        MachineError: The file system refuses.
        StorageError: The object store refuses, or other processes were faster each time.
    """
    folder = DatasetFolder.of(version)
    for _ in paced(Patience(tries=_TRIES)):
        last = newest_promotion(folder)
        if last is not None and last.version == version.version:
            return PromotionOutcome(None, f"it is promoted already, since {last.created}")
        promotion = add_promotion(folder, after=last, version=version.version, rule="by_hand", reason=BY_HAND)
        if promotion is not None:
            return PromotionOutcome(promotion, promotion.reason)
    raise _contended(folder)


def _contended(folder: DatasetFolder) -> StorageUnavailableError:
    return StorageUnavailableError(
        "promotion_contended",
        expected=f"to promote a version of {folder.address} before other processes do",
        found=f"other processes that were faster {_TRIES} times",
        remedy="try again when no other process is promoting; the version is published, but not promoted",
        values={"tries": _TRIES},
    )


def why_settled(version: int, known: Sequence[Promotion]) -> str:
    """Return why a rule does not apply to a version; empty if it does.

    Args:
        version: The version.
        known: All promotions, newest last.
    """
    if known and known[-1].version == version:
        return f"it is promoted already, since {known[-1].created}"
    if any(promotion.version == version for promotion in known):
        return f"it was promoted before, and version {known[-1].version} after it"
    newer = max((promotion.version for promotion in known), default=0)
    return f"version {newer}, which is newer, was promoted" if newer > version else ""
