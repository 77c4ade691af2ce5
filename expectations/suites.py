"""The suites that a run checks its data with."""

from __future__ import annotations

from pathlib import Path

from counterpoise.config import BalanceConfig
from counterpoise.expectations.contract import build_contract
from counterpoise.expectations.drift_suite import build_drift_suite
from counterpoise.expectations.suite_file import load_suite
from counterpoise.records import Snapshot
from counterpoise.validate import Suite


def configured_suites(config: BalanceConfig, snapshot: Snapshot) -> list[Suite]:
    """Return all suites for a delivery: those of the source and the comparison with the last version.

    Raises:
        CounterpoiseError: A configured column is missing, the suite file is invalid, or the last version was changed.
    """
    drift = build_drift_suite(config, snapshot)
    return [*source_suites(config, snapshot), *([drift] if drift else [])]


def source_suites(config: BalanceConfig, snapshot: Snapshot) -> list[Suite]:
    """Return the built-in contract and, if configured, the user's suite."""
    suites = [build_contract(config, snapshot)]
    if config.validation.suite:
        suites.append(load_suite(Path(config.validation.suite)))
    return suites
