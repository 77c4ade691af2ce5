"""Compare a stated value with the one that is computed from others."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any


def unequal(name: str, found: Any, wanted: Any) -> Iterator[str]:
    """Yield a sentence if a value differs from the one computed from others.

    Args:
        name: The name of the value.
        found: The stated value.
        wanted: The computed value; numbers may differ by rounding.
    """
    numbers = all(isinstance(value, (int, float)) for value in (found, wanted))
    if not (math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-9) if numbers else found == wanted):
        yield f"{name} is {str(found)[:100]} instead of {str(wanted)[:100]}"
