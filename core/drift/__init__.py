"""What a source looked like when a version was published, so that the next delivery can be compared with it."""

from counterpoise.core.drift.growth import AddedRows, Growth, find_growth
from counterpoise.core.drift.profile import profile_source
from counterpoise.core.drift.records import ColumnProfile, Distribution, SourceProfile
from counterpoise.core.drift.store import Baseline, find_baseline, write_profile

__all__ = [
    "AddedRows",
    "Baseline",
    "ColumnProfile",
    "Distribution",
    "Growth",
    "SourceProfile",
    "find_baseline",
    "find_growth",
    "profile_source",
    "write_profile",
]
