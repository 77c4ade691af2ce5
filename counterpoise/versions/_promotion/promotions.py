"""The promotions of a dataset: one small numbered file each, created only if absent; the newest counts.

Each file contains its own digest and those of the promoted manifest, of the metrics behind the decision and of the
previous promotion, so none of them can be rewritten on its own.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from counterpoise.errors import IntegrityError
from counterpoise.persist import (
    DatasetFolder,
    as_json,
    manifest_sha256,
    metrics_sha256,
    promotion_name,
    read_plain_file,
    read_stored,
)
from counterpoise.records import seal
from counterpoise.results import Promotion, PromotionNumbers, PromotionRule
from counterpoise.runtime import naming_refusals
from counterpoise.storage import join_address

_REMEDY = (
    "restore the file from a backup; or, if it is the newest promotion, remove it: then the one before it counts, and "
    "`counterpoise promote` makes another"
)


def list_promotions(folder: DatasetFolder) -> list[Promotion]:
    """Return all promotions of a dataset, newest last.

    Raises:
        IntegrityError: One of them cannot be read.
    """
    return [read_promotion(folder, number) for number in folder.promotion_numbers()]


def newest_promotion(folder: DatasetFolder) -> Promotion | None:
    """Return the promotion in effect; None if no version was ever promoted.

    Raises:
        IntegrityError: It cannot be read.
    """
    numbers = folder.promotion_numbers()
    return read_promotion(folder, numbers[-1]) if numbers else None


def read_promotion(folder: DatasetFolder, number: int) -> Promotion:
    """Return a promotion by its number, which is also its file name.

    Raises:
        IntegrityError: It cannot be read.
    """
    name = promotion_name(number)
    promotion = read_stored(folder, Promotion, name, remedy=_REMEDY)
    if promotion.number != number:
        raise IntegrityError(
            "unreadable_file",
            expected=f"promotion {number} of {folder.dataset} in {name}",
            found=f"promotion {promotion.number}",
            remedy=_REMEDY,
            values={"file": join_address(folder.address, name)},
        )
    return promotion


def add_promotion(
    folder: DatasetFolder,
    *,
    after: Promotion | None,
    version: int,
    rule: PromotionRule,
    reason: str,
    numbers: PromotionNumbers | None = None,
) -> Promotion | None:
    """Promote a version, provided that the newest promotion is still the one on which the decision was based.

    Args:
        folder: The dataset.
        after: The newest promotion at the time of the decision, or None.
        version: The version to promote.
        rule: The name of the rule, or `by_hand`.
        reason: The reason, in a sentence.
        numbers: The numbers that the rule considered.

    Returns:
        The promotion; None if another process was faster and the decision must be repeated.

    Raises:
        IntegrityError: The previous promotion or the metrics behind the decision cannot be read.
        MachineError: The file system refuses.
        StorageError: The object store refuses.
    """
    looked_at = () if numbers is None else numbers.looked_at(version)
    promotion = {
        "format": 1,
        "number": 1 if after is None else after.number + 1,
        "version": version,
        "rule": rule,
        "reason": reason,
        "numbers": None if numbers is None else numbers.model_dump(mode="json"),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "manifest_sha256": manifest_sha256(folder, version),
        "metrics_sha256": {str(number): metrics_sha256(folder, number) for number in sorted(looked_at)},
        "previous_sha256": None if after is None else promotion_sha256(folder, after.number),
    }
    sealed = Promotion.model_validate(seal(promotion))
    return sealed if _write(folder, sealed) else None


def promotion_sha256(folder: DatasetFolder, number: int) -> str:
    """Return the SHA-256 of the bytes of a promotion's file."""
    return hashlib.sha256(read_plain_file(folder, promotion_name(number), remedy=_REMEDY)).hexdigest()


def _write(folder: DatasetFolder, promotion: Promotion) -> bool:
    """Write a promotion atomically under its number; return False if the number is taken."""
    content, name = as_json(promotion.model_dump(mode="json")), promotion_name(promotion.number)
    place, note = join_address(folder.address, name), "the version is published, but not promoted"
    with naming_refusals("promote", place=place, note=lambda: note):
        return folder.store.create(name, content.encode())
