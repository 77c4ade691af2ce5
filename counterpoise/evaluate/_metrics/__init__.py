"""Metrics, curves and thresholds of scored rows."""
