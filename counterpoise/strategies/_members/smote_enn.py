"""SMOTE, then edited nearest neighbours on original and synthetic rows."""

from typing import Literal

from counterpoise.strategies._kinds import Combined
from counterpoise.strategies._members.edited_nearest_neighbours import STRATEGY as EDITED_NEAREST_NEIGHBOURS
from counterpoise.strategies._members.edited_nearest_neighbours import Edited


class _SmoteEdited(Edited):
    sampling_strategy: Literal["auto", "majority", "not minority", "not majority", "all"] = "all"


STRATEGY = Combined(
    name="smote_enn",
    label="SMOTE with edited nearest neighbours",
    options=_SmoteEdited,
    cleaner=EDITED_NEAREST_NEIGHBOURS,
)
