"""SMOTEN: rows made of votes alone, with distances between categories by how they go with the classes."""

from counterpoise.strategies._kinds import Smote

STRATEGY = Smote(
    name="smoten",
    label="SMOTEN",
    remark="what smote does here",
    sees="train rows",
    suits="smoten",
    needs="categories alone",
    needs_in_short="categories only",
)
