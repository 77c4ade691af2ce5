"""The suites that a run holds against its data."""

from __future__ import annotations

from pathlib import Path

from counterpoise.core.config import BalanceConfig
from counterpoise.core.records import Snapshot
from counterpoise.core.validate import Suite
from counterpoise.expectations.contract import build_contract
from counterpoise.expectations.suite_file import load_suite

__all__ = ["configured_suites"]


def configured_suites(config: BalanceConfig, snapshot: Snapshot) -> list[Suite]:
    """Return the built-in contract and, where the configuration names one, the user's suite."""
    suites = [build_contract(config, snapshot)]
    if config.validation.suite:
        suites.append(load_suite(Path(config.validation.suite)))
    return suites
