"""The times of the rows of a comparison, and how its folds follow them."""

from __future__ import annotations

from math import inf

import numpy as np

from counterpoise.compare._rounds.folds_in_time import KnownGroups, Roll, Timeline
from counterpoise.config import ComparisonConfig
from counterpoise.errors import ConfigError
from counterpoise.results import Rules
from counterpoise.split import Knowledge, TimeScale, TimeValues, group_codes, read_moments
from counterpoise.table import SourceTable
from counterpoise.typing import Ints


def timeline_of(source: SourceTable, rules: Rules, rows: Ints, *, positive_class: str = "") -> Timeline | None:
    """Return the times of rows if the split is by time, with what folds need; the split rejected rows without a time.

    Args:
        source: The source.
        rules: The settings of the comparison.
        rows: The rows, by their numbers in the source.
        positive_class: The class whose known groups leave what is tested; empty to test all groups.

    Raises:
        ConfigError: Folds would roll forward by less than they test.
        SplitError: A length is in the wrong unit.
    """
    if rules.split.method != "time":
        return None
    columns, settings = rules.columns, rules.tournament
    moments = read_moments(source.reader.read_columns([columns.time]).column(0), columns)
    scale, times = moments.scale, moments.values[rows]
    if settings.delay:
        delay = scale.length(settings.delay, field="tournament.delay")
    else:
        delay = max(scale.length(getattr(rules.split, name), field=f"split.{name}") for name in ("delay", "gap"))
    roll = roll_of(settings, scale, times) if settings.test_window else None
    known = None
    if positive_class:
        groups = group_codes(source.reader.read_columns([columns.group]).column(0))[rows]
        positive = source.labels.codes[rows] == source.labels.classes.index(positive_class)
        day = Knowledge.of(moments, start=-inf, delay=0).day
        known = KnownGroups(np.unique(groups, return_inverse=True)[1], positive, day)
    return Timeline(times, delay, scale.words(delay), roll, known)


def roll_of(settings: ComparisonConfig, scale: TimeScale, times: TimeValues) -> Roll:
    """Return how folds roll forward: the newest ends with the day of the last row, or with its hour, and so on.

    Args:
        settings: The windows and the step; `test_window` is given.
        scale: The scale of the times.
        times: The times of all rows.

    Raises:
        ConfigError: Folds would roll forward by less than they test.
        SplitError: A length is in the wrong unit.
    """
    test, train, step = (
        scale.length(getattr(settings, name), field=f"tournament.{name}", exact=True)
        for name in ("test_window", "train_window", "step")
    )
    if (step and step < test) or not test:
        raise ConfigError(
            "folds_overlap",
            expected="tournament.step of at least tournament.test_window, so that no row is tested twice",
            found=f"{settings.step or 0} for windows of {settings.test_window}",
            remedy="lengthen tournament.step, or leave it empty",
        )
    size = scale.quantum([test, train, step])
    end = times.max().item() // size * size + size
    return Roll(end, test, train or inf, step or test)
