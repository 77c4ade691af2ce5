"""Great Expectations on one frame at a time."""
