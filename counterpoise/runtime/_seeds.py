"""All randomness of a run: named child streams of its one seed."""

from __future__ import annotations

import hashlib

import numpy as np

__all__ = ["child_generator", "child_seed", "child_sequence"]


def child_sequence(seed: int, *names: str | int) -> np.random.SeedSequence:
    """Return the seed sequence of the stream with that name: independent streams for different names.

    Args:
        seed: The run's seed.
        names: The stream's name, such as `"split", "fraud"`.
    """
    digest = hashlib.sha256("\x1f".join(map(str, names)).encode()).digest()
    return np.random.SeedSequence(seed, spawn_key=tuple(np.frombuffer(digest[:16], dtype="<u4").tolist()))


def child_generator(seed: int, *names: str | int) -> np.random.Generator:
    """Return a generator on the named stream.

    >>> bool(child_generator(1, "split").random() == child_generator(1, "split").random())
    True
    >>> bool(child_generator(1, "split").random() == child_generator(1, "resample").random())
    False
    """
    return np.random.Generator(np.random.PCG64(child_sequence(seed, *names)))


def child_seed(seed: int, *names: str | int) -> int:
    """Return a 32-bit seed on the named stream, for libraries that take an integer."""
    return int(child_sequence(seed, *names).generate_state(1)[0])
