"""The fifth stage: plans become a published version."""

from __future__ import annotations

from counterpoise.core.config import BalanceConfig
from counterpoise.core.records import DatasetVersion, ResamplingPlan, Snapshot, SplitPlan, Validation
from counterpoise.tasks.reporting import artifact_key, emit, log, stage_progress
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

    A new version emits the event `counterpoise.dataset.published`.

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
    from counterpoise.core.persist import publish_version

    version = publish_version(
        config,
        snapshot=snapshot,
        validation=validation,
        split=split,
        resampling=resampling,
        progress=stage_progress(artifact_key(config.name, "persist"), description="Writing the partitions"),
    )
    log(f"persist: version {version.version} of {version.dataset}{'' if version.created else ', published before'}")
    if version.created:
        _tell_published(version)
    return version


def _tell_published(version: DatasetVersion) -> None:
    facts = {
        "version": version.version,
        "rows": {name: part.rows for name, part in version.partitions.items()},
        "classes": {name: part.classes for name, part in version.partitions.items()},
        "manifest": version.manifest,
    }
    emit("counterpoise.dataset.published", version.dataset, facts)
