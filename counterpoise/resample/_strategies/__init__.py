"""The strategies as drafts of a plan."""
