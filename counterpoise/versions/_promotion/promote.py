"""Promoting a version: by the configured rule or by hand."""

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
from counterpoise.versions._promotion.rules import Judged, decide_promotion

__all__ = ["BY_HAND", "PromotionOutcome", "promote_by_hand", "promote_by_rule", "settled"]

BY_HAND = "by hand"

_TRIES = 20


@dataclass(frozen=True)
class PromotionOutcome:
    """What became of a version.

    Attributes:
        promotion: The promotion that was made; None where none was.
        reason: Why, or why not, in a sentence.
    """

    promotion: Promotion | None
    reason: str


@names_refusals("promote")
def promote_by_rule(settings: PromotionConfig, version: DatasetVersion) -> PromotionOutcome:
    """Promote a version if the rule says so.

    A rule promotes no version twice and none that is older than one that was promoted: what was promoted by hand
    stays until there is a newer version.

    Args:
        settings: The rule; with `never` nothing is promoted.
        version: The published version.

    Raises:
        IntegrityError: A promotion or the metrics of a version cannot be read.
        MachineError: The file system refuses.
        StorageError: The object store does, or others were faster each time.
    """
    folder = DatasetFolder.of(version)
    candidate = Judged(version.version, read_metrics(folder, version.version))
    for _ in paced(Patience(tries=_TRIES)):
        known = list_promotions(folder)
        if reason := settled(version.version, known):
            return PromotionOutcome(None, reason)
        last = known[-1] if known else None
        judged = None if last is None else Judged(last.version, read_metrics(folder, last.version))
        decision = decide_promotion(settings, candidate, judged)
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
    """Promote a version whatever its numbers; one that is promoted already stays so without another promotion.

    Raises:
        IntegrityError: The newest promotion cannot be read.
        MachineError: The file system refuses.
        StorageError: The object store does, or others were faster each time.
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
        expected=f"to promote a version of {folder.address} before others do",
        found=f"others that were faster {_TRIES} times",
        remedy="promote it again when nobody else does; the version is published, but not promoted",
        values={"tries": _TRIES},
    )


def settled(version: int, known: Sequence[Promotion]) -> str:
    """Return why a rule has nothing to say on a version; an empty text where it has.

    Args:
        version: The version.
        known: All promotions, the newest last.
    """
    if known and known[-1].version == version:
        return f"it is promoted already, since {known[-1].created}"
    if any(promotion.version == version for promotion in known):
        return f"it was promoted before, and version {known[-1].version} after it"
    newer = max((promotion.version for promotion in known), default=0)
    return f"version {newer}, which is newer, was promoted" if newer > version else ""
