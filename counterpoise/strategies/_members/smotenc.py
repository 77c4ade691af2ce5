"""SMOTENC: SMOTE with votes on categories."""

from counterpoise.strategies._kinds import Smote

STRATEGY = Smote(
    name="smotenc",
    label="SMOTENC",
    remark="what smote does here",
    sees="class rows",
    suits="smotenc",
    needs="numbers as well as categories",
    needs_in_short="numbers and categories",
)
