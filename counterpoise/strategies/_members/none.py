"""No resampling."""

from counterpoise.strategies._kinds import Unchanged

STRATEGY = Unchanged(name="none", label="no resampling", remark="compared with in any case", simplicity=0)
