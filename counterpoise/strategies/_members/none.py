"""No resampling."""

from counterpoise.strategies._kinds import Unchanged

STRATEGY = Unchanged(name="none", label="no resampling", remark="always compared with", simplicity=0)
