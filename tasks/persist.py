"""The fifth stage: plans become a published version."""

from __future__ import annotations

from counterpoise.config import BalanceConfig
from counterpoise.records import DatasetVersion, ResamplingPlan, Snapshot, SplitPlan, Validation
from counterpoise.tasks.engine import current_engine
from counterpoise.tasks.reporting import artifact_key, log, stage_progress
from counterpoise.tasks.stage import stage

__all__ = ["persist"]


@stage
def persist(
    config: BalanceConfig,
    *,
    snapshot: Snapshot,
    validation: Validation,
    split: SplitPlan,
    resampling: ResamplingPlan,
) -> DatasetVersion:
    """Write the partitions, certify them and publish the version, whole or not at all.

    Args:
        config: The whole configuration.
        snapshot: The source.
        validation: The verdict on it.
        split: Which row goes where.
        resampling: What happens to the train rows.

    Raises:
        PublishError: The file system refuses; nothing is visible then.
        IntegrityError: What was written does not read back as certified; nothing is visible then.
    """
    from counterpoise.persist import publish_version

    version = publish_version(
        config,
        snapshot=snapshot,
        validation=validation,
        split=split,
        resampling=resampling,
        engine=current_engine(),
        progress=stage_progress(artifact_key(config.name, "persist"), description="Writing the partitions"),
    )
    log(f"persist: version {version.version} of {version.dataset}{'' if version.created else ', published before'}")
    return version
