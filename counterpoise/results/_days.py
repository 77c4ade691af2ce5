"""Precision among the alerts of each day of test."""

from __future__ import annotations

from pydantic import Field, model_validator

from counterpoise.records import Count, Name, Record, Share
from counterpoise.results._values import Difference


class DayMean(Record):
    """One value per day of test, their mean, and its 95 % interval over days; null where days tell nothing."""

    mean: Share
    low: Share | None
    high: Share | None
    by_day: tuple[Share, ...]


class DayOfTest(Record):
    """A day of test: its rows and positives, and the groups with a positive, null without groups."""

    day: Name
    rows: Count
    positives: Count
    positive_groups: Count | None


class AlertsOfArm(Record):
    """An arm's precision among the alerts of each day: of rows, and of groups, null without groups."""

    learner: Name
    strategy: Name
    rows: DayMean
    groups: DayMean | None


class AlertsDifference(Record):
    """The strategy compared with none, paired by day."""

    learner: Name
    strategy: Name
    rows: Difference
    groups: Difference | None


class AlertsADay(Record):
    """Precision if the `alerts` rows, or groups, with the highest scores of each day are reviewed.

    A value is the number of positives among them by `alerts`, on days with fewer rows, too. A group's score is its
    highest of the day, and a group that was found leaves the days after.
    """

    alerts: Count
    days: tuple[DayOfTest, ...] = Field(min_length=1)
    arms: tuple[AlertsOfArm, ...]
    differences: tuple[AlertsDifference, ...]

    @model_validator(mode="after")
    def _a_value_a_day(self) -> AlertsADay:
        for arm in self.arms:
            for found in filter(None, (arm.rows, arm.groups)):
                if len(found.by_day) != len(self.days):
                    raise ValueError(f"{len(found.by_day)} values for {len(self.days)} days")
        return self
