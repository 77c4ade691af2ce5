"""Net benefit, expected cost and probability cost: the formulas of decision curves and cost curves."""

from __future__ import annotations

import numpy as np

from counterpoise.typing import Floats

PER = 1_000.0
"""Net benefits count true positives per so many rows."""
_POINTS = 121
_AROUND = 99.0
"""From where a false alarm of every negative costs 1/99 of a miss of every positive to where it costs 99 times that."""
_AT_LEAST, _AT_MOST = 0.01, 0.9
"""Thresholds that are covered whatever the prevalence."""


def threshold_grid(prevalence: float) -> Floats:
    """Return thresholds that are even in their log-odds, around the prevalence.

    >>> grid = threshold_grid(0.02)
    >>> len(grid), round(float(grid[0]), 5), round(float(grid[-1]), 3)
    (121, 0.00021, 0.9)
    """
    odds = prevalence / (1 - prevalence)
    low = min(odds / _AROUND, _AT_LEAST / (1 - _AT_LEAST))
    high = max(odds * _AROUND, _AT_MOST / (1 - _AT_MOST))
    steps = np.exp(np.linspace(np.log(low), np.log(high), _POINTS))
    return np.asarray(steps / (1 + steps))


def net_benefit(recall: Floats | float, false_alarms: Floats | float, thresholds: Floats, prevalence: float) -> Floats:
    """Return true positives less false positives in units of true positives, per 1,000 rows.

    >>> net_benefit(0.8, 0.1, np.array([0.5]), 0.2).round(6).tolist()
    [80.0]

    Args:
        recall: The share of positives that are called.
        false_alarms: The share of negatives that are called.
        thresholds: The probability from which rows are called, below 1: a false alarm costs t / (1 - t) of a miss.
        prevalence: The share of positives.
    """
    exchange = thresholds / (1 - thresholds)
    return np.asarray(PER * (prevalence * recall - (1 - prevalence) * exchange * false_alarms))


def probability_cost(thresholds: Floats, prevalence: float) -> Floats:
    """Return the share of positives in the cost of deciding every row wrongly, if rows are called from thresholds on.

    >>> probability_cost(np.array([0.2, 0.5]), 0.2).round(6).tolist()
    [0.5, 0.2]
    """
    missed, false_alarm = prevalence * (1 - thresholds), (1 - prevalence) * thresholds
    return np.asarray(missed / (missed + false_alarm))


def expected_cost(recall: Floats, false_alarms: Floats, weights: Floats) -> Floats:
    """Return the expected cost, as a share of the cost of deciding every row wrongly.

    Args:
        recall: The share of positives that are called.
        false_alarms: The share of negatives that are called.
        weights: The probability costs.
    """
    return np.asarray((1 - recall) * weights + false_alarms * (1 - weights))
