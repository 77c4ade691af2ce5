"""Arrays as the code names them; lengths and what a value means stand with each function."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Codes", "Copies", "Floats", "Ints", "Mask", "Matrix"]

Ints = npt.NDArray[np.int64]
"""Whole numbers: rows, positions, counts."""

Floats = npt.NDArray[np.float64]
"""Numbers, one dimension."""

Matrix = npt.NDArray[np.float64]
"""Numbers, two dimensions: rows by columns."""

Mask = npt.NDArray[np.bool_]
"""A yes or no for each row."""

Codes = npt.NDArray[np.integer[Any]]
"""Codes of classes or categories, of any width; negative where a value is missing."""

Copies = npt.NDArray[np.int32]
"""How often each row is taken."""
