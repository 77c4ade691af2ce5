"""Suites of expectations as plain data: parsed strictly, never executed."""
