"""Parquet and Arrow files: types, and memory budgets checked before decoding."""
