"""SMOTEN: rows made by votes only, with distances between categories from their association with the classes."""

from counterpoise.strategies._kinds import Smote

STRATEGY = Smote(
    name="smoten",
    label="SMOTEN",
    remark="what smote does on categories",
    sees="train rows",
    suits="smoten",
    needs="only categories",
    needs_in_short="categories only",
)
