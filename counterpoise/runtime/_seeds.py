"""Derive all randomness of a run from its seed, as named child streams."""

from __future__ import annotations

import hashlib

import numpy as np


def child_sequence(seed: int, *names: str | int) -> np.random.SeedSequence:
    """Return the seed sequence of a named stream; streams of different names are independent.

    Args:
        seed: The run's seed.
        names: The stream's name, such as `"split", "fraud"`.
    """
    digest = hashlib.sha256("\x1f".join(map(str, names)).encode()).digest()
    return np.random.SeedSequence(seed, spawn_key=tuple(np.frombuffer(digest[:16], dtype="<u4").tolist()))


def child_generator(seed: int, *names: str | int) -> np.random.Generator:
    """Return a generator for a named stream.

    >>> bool(child_generator(1, "split").random() == child_generator(1, "split").random())
    True
    >>> bool(child_generator(1, "split").random() == child_generator(1, "resample").random())
    False
    """
    return np.random.Generator(np.random.PCG64(child_sequence(seed, *names)))


def child_seed(seed: int, *names: str | int) -> int:
    """Return a 32-bit seed for a named stream, for libraries that need an integer."""
    return int(child_sequence(seed, *names).generate_state(1)[0])
