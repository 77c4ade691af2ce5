"""Stage validate: Great Expectations on a snapshot, a group of columns at a time."""

from counterpoise.core.validate.run import validate_partitions, validate_snapshot
from counterpoise.core.validate.suite import Suite

__all__ = ["Suite", "validate_partitions", "validate_snapshot"]
