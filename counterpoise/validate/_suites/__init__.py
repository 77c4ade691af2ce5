"""Suites of expectations as data: parsed strictly, never executed."""
