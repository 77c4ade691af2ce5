"""The files of a version, one kind per module."""
