"""SMOTENC: SMOTE with votes on categories."""

from counterpoise.strategies._kinds import Smote

STRATEGY = Smote(
    name="smotenc",
    label="SMOTENC",
    remark="what smote does on mixed features",
    sees="class rows",
    suits="smotenc",
    needs="both numbers and categories",
    needs_in_short="numbers and categories",
)
