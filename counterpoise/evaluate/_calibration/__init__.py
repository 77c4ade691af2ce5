"""Calibration of probabilities and correction of the prior."""
