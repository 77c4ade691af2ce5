"""After the last stage: decide whether to promote the version."""

from __future__ import annotations

from counterpoise.config import BalanceConfig
from counterpoise.errors import IntegrityError
from counterpoise.records import DatasetVersion
from counterpoise.results import Promotion
from counterpoise.tasks.reporting import emit, log
from counterpoise.tasks.stage import stage


@stage
def promote(config: BalanceConfig, *, version: DatasetVersion) -> Promotion | None:
    """Promote the version if the configured rule says so, and emit the event `counterpoise.dataset.promoted`.

    Args:
        config: The complete configuration.
        version: The published and, if configured, evaluated version.

    Returns:
        The promotion, or None if none was made: the rule says no, or a promotion or metrics that it needs cannot be
        read, which is logged as a warning.

    Raises:
        MachineError: The file system refuses.
    """
    from counterpoise.persist import pass_over
    from counterpoise.versions import promote_by_rule

    try:
        outcome = promote_by_rule(config.promotion, version)
    except IntegrityError as error:
        pass_over(error, f"promote: version {version.version} not promoted")
        return None
    promotion = outcome.promotion
    log(f"promote: version {version.version} {'promoted' if promotion else 'not promoted'}: {outcome.reason}")
    if promotion is not None:
        facts = promotion.model_dump(mode="json", include={"version", "rule", "reason", "numbers"})
        emit("counterpoise.dataset.promoted", config.name, facts)
    return promotion
