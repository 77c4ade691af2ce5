"""The suites that a run holds against its data."""

from __future__ import annotations

from pathlib import Path

from counterpoise.config import BalanceConfig
from counterpoise.expectations.contract import build_contract
from counterpoise.expectations.drift import build_drift_suite
from counterpoise.expectations.suite_file import load_suite
from counterpoise.records import Snapshot
from counterpoise.validate import Suite

__all__ = ["configured_suites", "source_suites"]


def configured_suites(config: BalanceConfig, snapshot: Snapshot) -> list[Suite]:
    """Return all that a delivery must satisfy: the source's own suites and what the last version lets expect.

    Raises:
        CounterpoiseError: A configured column is missing, the suite's file is none, or the last version was changed.
    """
    drift = build_drift_suite(config, snapshot)
    return [*source_suites(config, snapshot), *([drift] if drift else [])]


def source_suites(config: BalanceConfig, snapshot: Snapshot) -> list[Suite]:
    """Return the built-in contract and, where the configuration names one, the user's suite."""
    suites = [build_contract(config, snapshot)]
    if config.validation.suite:
        suites.append(load_suite(Path(config.validation.suite)))
    return suites
