"""Register Counterpoise's expectations with Great Expectations."""

from __future__ import annotations

import importlib
import pkgutil

from counterpoise.validate import load_engine, quiet


def register_expectations() -> None:
    """Register the expectations of every module in `custom`; repeated calls have no effect."""
    load_engine()
    with quiet():
        custom = importlib.import_module("counterpoise.expectations.custom")
        for module in pkgutil.iter_modules(custom.__path__, f"{custom.__name__}."):
            importlib.import_module(module.name)
