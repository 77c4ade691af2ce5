"""Collect everything that a report says about synthetic rows."""

from __future__ import annotations

from collections.abc import Sequence

from counterpoise.config import BalanceConfig
from counterpoise.persist import DatasetFolder
from counterpoise.records import DatasetVersion, Snapshot, SplitPlan
from counterpoise.results import SyntheticReview
from counterpoise.synthetic._measure import synthetic_quality
from counterpoise.synthetic._revalidate import ResampledTrain, validate_resampled
from counterpoise.synthetic._train_files import PublishedTrain, train_snapshot
from counterpoise.validate import Suite
from counterpoise.versions import Version


def review_synthetic_rows(
    config: BalanceConfig, *, snapshot: Snapshot, split: SplitPlan, version: DatasetVersion, suites: Sequence[Suite]
) -> SyntheticReview | None:
    """Measure a version's synthetic rows and check the resampled train partition against the source's rules.

    Args:
        config: The whole configuration.
        snapshot: The source.
        split: The split, which identifies the train rows.
        version: The published version.
        suites: The expectations that the source was checked against.

    Returns:
        The findings; None if no row is synthetic, because the source's rows were already checked.
    """
    published = Version(DatasetFolder.of(version), version.version)
    quality = synthetic_quality(published, snapshot=snapshot, split=split, columns=config.columns, seed=config.seed)
    if quality is None:
        return None
    train = ResampledTrain(
        snapshot=train_snapshot(published),
        synthetic=PublishedTrain(published, config.columns.target).synthetic,
        source_columns=tuple(column.name for column in snapshot.columns),
    )
    return SyntheticReview(quality=quality, outcomes=validate_resampled(train, suites))
