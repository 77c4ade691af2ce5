"""The fifth stage: write the plans as a published version."""

from __future__ import annotations

from counterpoise.config import BalanceConfig
from counterpoise.records import DatasetVersion, ResamplingPlan, Snapshot, SplitPlan, Validation
from counterpoise.tasks.engine import current_engine
from counterpoise.tasks.progress import stage_progress
from counterpoise.tasks.reporting import log
from counterpoise.tasks.stage import stage


@stage
def persist(
    config: BalanceConfig,
    *,
    snapshot: Snapshot,
    validation: Validation,
    split: SplitPlan,
    resampling: ResamplingPlan,
) -> DatasetVersion:
    """Write the partitions, certify them and publish the version atomically.

    Args:
        config: The complete configuration.
        snapshot: The source.
        validation: The validation verdict.
        split: The partition of each row.
        resampling: The plan for the train rows.

    Raises:
        PublishError: The file system refuses; no version becomes visible.
        IntegrityError: The written files do not match the certificate; no version becomes visible.
    """
    from counterpoise.persist import publish_version

    version = publish_version(
        config,
        snapshot=snapshot,
        validation=validation,
        split=split,
        resampling=resampling,
        engine=current_engine(),
        progress=stage_progress(config.name, "persist", work="writing the partitions", unit="windows of rows"),
    )
    log(f"persist: version {version.version} of {version.dataset}{'' if version.created else ', already published'}")
    return version
