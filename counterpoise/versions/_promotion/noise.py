"""How far an equally good version comes out lower by noise, and how lucky one is that was promoted nevertheless."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from counterpoise.typing import Floats

FRESH_REFUSALS, SAME_REFUSALS = 0.2, 0.01
"""The share of equally good versions that noise may refuse if all test rows are new, and if they are the same.

With the same rows noise stays from night to night, so one false refusal leads to others: fewer are allowed, and fewer
are needed to tell a worse version. `benchmarks/promotion_nights.py` simulates the rule.
"""

_STAYS = 0.25
"""Less agreement than this, over several versions, may as well be chance."""

ALONE = 2.0
"""How many times as wide the limit of a single version is, in standard errors, beside means of several versions."""

_DRAWS = 4096


@dataclass(frozen=True)
class Limits:
    """The limits of a decision.

    Attributes:
        least: By reference, the least difference with which a version is promoted.
        luck: How much higher than on average an equally good version is expected to come out if it is promoted.
    """

    least: tuple[float, ...]
    luck: float


def false_refusals(agreement: float, versions: int = 1) -> float:
    """Return the share of equally good versions that noise may refuse.

    If versions were refused since the last promotion, noise that stays agrees less with that version's. So what counts
    is how much agrees from one version to the next.

    Args:
        agreement: The correlation of the noise of the version with that of the one promoted last.
        versions: How many versions ago that one was made.

    >>> false_refusals(0.0), false_refusals(1.0), false_refusals(-0.2)
    (0.2, 0.01, 0.2)
    >>> round(false_refusals(0.5, 30), 3), round(false_refusals(0.1, 30), 3)
    (0.014, 0.181)
    """
    share = min(1.0, max(0.0, agreement))
    if share >= _STAYS:
        share **= 1 / max(1, versions)
    return FRESH_REFUSALS * (1 - share) + SAME_REFUSALS * share


def limits(errors: Floats, correlation: Floats, *, margin: float, refusals: float = FRESH_REFUSALS) -> Limits:
    """Return the limits: below them fall no more than a share of equally good versions.

    A version must pass all references, whose differences are correlated. So the number of standard errors that noise
    explains follows from all of them together: the share of refusals is the same for one reference as for three.

    Args:
        errors: The standard error of the difference from each reference: that of one version, then those of means.
        correlation: The correlation of these differences.
        margin: The least width of a limit.
        refusals: The share, see `false_refusals`.

    >>> limits(np.array([0.01]), np.eye(1), margin=0.0).least[0].__round__(3)
    -0.008
    """
    widths = np.where(np.arange(len(errors)) > 0, 1.0, ALONE if len(errors) > 1 else 1.0)
    values, vectors = np.linalg.eigh(correlation)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T  # whichever sign the library gives a vector
    noise = _normals()[:, : len(errors)] @ root
    wide = float(np.quantile((-noise / widths).max(axis=1), 1 - refusals))
    least = -np.maximum(margin, wide * widths * errors)
    passing = noise[(noise * errors >= least).all(axis=1)]
    mean = int(len(errors) > 1)
    return Limits(tuple(least.tolist()), float(errors[mean] * passing[:, mean].mean()))


@cache
def _normals() -> Floats:
    """Return evenly spread normal numbers of three dimensions, the same for every decision."""
    from scipy.special import ndtri
    from scipy.stats import qmc

    uniform = qmc.Sobol(3, scramble=False).fast_forward(1).random(_DRAWS)
    found: Floats = ndtri(uniform)
    return found
