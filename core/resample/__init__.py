"""Resampling of the train partition, as a plan: which rows to repeat or drop, which to make from which parents."""

from __future__ import annotations

from counterpoise.core.resample.plan import plan_resampling, read_class_rows, read_copies, read_recipe, read_weights

__all__ = ["plan_resampling", "read_class_rows", "read_copies", "read_recipe", "read_weights"]
