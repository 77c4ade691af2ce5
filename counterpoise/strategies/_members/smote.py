"""SMOTE (Chawla et al. 2002), SMOTENC or SMOTEN, whichever suits the features."""

from counterpoise.strategies._kinds import Smote

STRATEGY = Smote(
    name="smote",
    label="SMOTE",
    remark="interpolates new rows",
    sees="class rows",
    suits=None,
    needs="",
    needs_in_short="",
)
