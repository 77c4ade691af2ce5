"""What a source looked like when a version was published, so that the next delivery can be compared with it."""

from counterpoise.core.drift.profile import profile_source
from counterpoise.core.drift.records import ColumnProfile, Distribution, SourceProfile
from counterpoise.core.drift.store import Baseline, find_baseline, write_profile

__all__ = [
    "Baseline",
    "ColumnProfile",
    "Distribution",
    "SourceProfile",
    "find_baseline",
    "profile_source",
    "write_profile",
]
