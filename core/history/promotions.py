"""The promotions of a dataset: one small numbered file each, created if absent, the newest wins."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import ValidationError

from counterpoise.core.errors import IntegrityError
from counterpoise.core.history.records import Promotion, PromotionNumbers, PromotionRule
from counterpoise.core.persist.layout import DatasetFolder, promotion_name
from counterpoise.core.refusals import naming_refusals
from counterpoise.core.storage import join_address

__all__ = ["add_promotion", "list_promotions", "newest_promotion"]


def list_promotions(folder: DatasetFolder) -> list[Promotion]:
    """Return all promotions of a dataset, the newest last.

    Raises:
        IntegrityError: One of them cannot be read.
    """
    return [_read(folder, number) for number in folder.promotion_numbers()]


def newest_promotion(folder: DatasetFolder) -> Promotion | None:
    """Return the promotion that counts; None where no version was ever promoted.

    Raises:
        IntegrityError: It cannot be read.
    """
    numbers = folder.promotion_numbers()
    return _read(folder, numbers[-1]) if numbers else None


def add_promotion(
    folder: DatasetFolder,
    *,
    after: Promotion | None,
    version: int,
    rule: PromotionRule,
    reason: str,
    numbers: PromotionNumbers | None = None,
) -> Promotion | None:
    """Promote a version, if the newest promotion is still the one that was known when this was decided.

    Args:
        folder: The dataset.
        after: The newest promotion as it was known; None for none.
        version: The version to promote.
        rule: Which rule it is, or `by_hand`.
        reason: Why, in a sentence.
        numbers: What the rule has looked at.

    Returns:
        The promotion; None where somebody else was faster and it must be decided again.

    Raises:
        MachineError: The file system refuses.
        StorageError: The object store does.
    """
    promotion = Promotion(
        number=1 if after is None else after.number + 1,
        version=version,
        rule=rule,
        reason=reason,
        numbers=numbers,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    return promotion if _write(folder, promotion) else None


def _write(folder: DatasetFolder, promotion: Promotion) -> bool:
    """Write a promotion whole under its number; return False where somebody has taken it."""
    content, name = promotion.model_dump_json(indent=1) + "\n", promotion_name(promotion.number)
    place, note = join_address(folder.address, name), "the version is published, but not promoted"
    with naming_refusals("promote", place=place, note=lambda: note):
        return folder.store.create(name, content.encode())


def _read(folder: DatasetFolder, number: int) -> Promotion:
    name = promotion_name(number)
    try:
        promotion = Promotion.model_validate_json(folder.store.read(name))
        found = f"promotion {promotion.number}"
    except ValidationError as error:
        promotion, found = None, str(error.errors()[0]["msg"])
    if promotion is None or promotion.number != number:
        raise IntegrityError(
            "unreadable_promotion",
            expected=f"promotion {number} of {folder.dataset} in {name}",
            found=found,
            remedy="restore the file from a backup, or remove it: then the promotion before it counts",
            values={"file": join_address(folder.address, name)},
        )
    return promotion
