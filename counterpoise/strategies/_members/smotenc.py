"""SMOTENC: SMOTE with votes on categories."""

from __future__ import annotations

from counterpoise.strategies._kinds import Smote

__all__ = ["STRATEGY"]

STRATEGY = Smote(
    name="smotenc",
    label="SMOTENC",
    remark="what smote does here",
    sees="class rows",
    suits="smotenc",
    needs="numbers as well as categories",
    needs_in_short="numbers and categories",
)
