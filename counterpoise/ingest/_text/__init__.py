"""Delimited text: dialect, header, types, and rows read exactly."""
