"""Our own expectations, made known to Great Expectations."""

from __future__ import annotations

from counterpoise.core.validate.engine import load_engine, quiet

__all__ = ["register_expectations"]


def register_expectations() -> None:
    """Register our own expectations; may be called any number of times."""
    load_engine()
    with quiet():
        import counterpoise.expectations.class_proportions
        import counterpoise.expectations.finite_values
        import counterpoise.expectations.minimum_class_rows  # noqa: F401  # importing registers
