"""No resampling."""

from __future__ import annotations

from counterpoise.strategies._kinds import Unchanged

__all__ = ["STRATEGY"]

STRATEGY = Unchanged(name="none", label="no resampling", remark="compared with in any case", simplicity=0)
