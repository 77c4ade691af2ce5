"""After the last stage: is the version the one to use from now on?"""

from __future__ import annotations

from counterpoise.core.config import BalanceConfig
from counterpoise.core.history.records import Promotion
from counterpoise.core.records import DatasetVersion
from counterpoise.tasks.reporting import emit, log
from counterpoise.tasks.stage import stage

__all__ = ["promote"]


@stage
def promote(config: BalanceConfig, *, version: DatasetVersion) -> Promotion | None:
    """Promote the version if the configured rule says so, and emit the event `counterpoise.dataset.promoted`.

    Args:
        config: The whole configuration.
        version: What was published, and evaluated where that is asked for.

    Returns:
        The promotion, or None where none was made now.

    Raises:
        IntegrityError: A promotion or the metrics of a version cannot be read.
        MachineError: The file system refuses.
    """
    from counterpoise.core.history.promote import promote_by_rule

    outcome = promote_by_rule(config.promotion, version)
    promotion = outcome.promotion
    log(f"promote: version {version.version} {'promoted' if promotion else 'not promoted'}: {outcome.reason}")
    if promotion is not None:
        facts = promotion.model_dump(mode="json", include={"version", "rule", "reason", "numbers"})
        emit("counterpoise.dataset.promoted", config.name, facts)
    return promotion
