"""Array types; each function documents its arrays' lengths and meanings."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
"""Integers: rows, positions, counts."""

Floats = npt.NDArray[np.float64]
"""Floating-point numbers, one-dimensional."""

Matrix = npt.NDArray[np.float64]
"""Floating-point numbers, two-dimensional: rows by columns."""

Mask = npt.NDArray[np.bool_]
"""A boolean per row."""

Codes = npt.NDArray[np.integer[Any]]
"""Codes of classes or categories, of any width; negative for missing values."""

Copies = npt.NDArray[np.int32]
"""How often each row is taken."""
