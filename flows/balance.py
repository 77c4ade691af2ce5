"""The flow `balance`: from a raw source to a published, verified, balanced dataset."""

from __future__ import annotations

from prefect import flow

from counterpoise.config import BalanceConfig
from counterpoise.flows.options import OPTIONS
from counterpoise.flows.plain import balance as pipeline
from counterpoise.records import DatasetVersion


@flow(name="balance", **OPTIONS)
def balance(config: BalanceConfig) -> DatasetVersion:
    """Turn an imbalanced source into a published version: split, resampled, certified, evaluated and maybe promoted.

    If the same source and configuration were published before, return that version without any work and only decide
    again whether to promote it.

    Args:
        config: All settings of the dataset. Relative paths start at the run's working directory.

    Returns:
        The published version.

    Raises:
        CounterpoiseError: The data or the configuration is refused, or the version cannot be written; the message
            states the expectation, the finding and the remedy.
    """
    return pipeline.balance(config)
