"""SMOTE, then removal of Tomek links among original and synthetic rows."""

from typing import Literal

from counterpoise.strategies._kinds import Combined
from counterpoise.strategies._members.tomek_links import STRATEGY as TOMEK_LINKS
from counterpoise.strategies._strategy import Cleaned


class _SmoteCleaned(Cleaned):
    sampling_strategy: Literal["auto", "majority", "not minority", "not majority", "all"] = "all"


STRATEGY = Combined(
    name="smote_tomek",
    label="SMOTE with removal of Tomek links",
    options=_SmoteCleaned,
    cleaner=TOMEK_LINKS,
)
