"""Runs that are killed, and machines that refuse, for `benchmarks/faults.py` and its short form among the tests."""
