"""The section of the configuration that says how long stages may take."""

from __future__ import annotations

from pydantic import Field

from counterpoise.config._sections.fields import Section

__all__ = ["TimeoutsConfig"]

_WEEK = 7 * 24 * 60


class TimeoutsConfig(Section):
    """How many minutes a stage may take before its run is given up; no published dataset depends on it."""

    ingest: float = Field(240, ge=0, le=_WEEK, description="Minutes to read the source; 0 for no limit.")
    validation: float = Field(240, ge=0, le=_WEEK, description="Minutes to check the data; 0 for no limit.")
    split: float = Field(120, ge=0, le=_WEEK, description="Minutes to divide the rows; 0 for no limit.")
    resampling: float = Field(480, ge=0, le=_WEEK, description="Minutes to plan the resampling; 0 for no limit.")
    persist: float = Field(480, ge=0, le=_WEEK, description="Minutes to write the version; 0 for no limit.")
    announcement: float = Field(30, ge=0, le=_WEEK, description="Minutes to tell of the version; 0 for no limit.")
    evaluation: float = Field(720, ge=0, le=_WEEK, description="Minutes to train and judge learners; 0 for no limit.")
    promotion: float = Field(30, ge=0, le=_WEEK, description="Minutes to promote the version; 0 for no limit.")
    preparation: float = Field(
        240, ge=0, le=_WEEK, description="Minutes to lay out a tournament's folds and features; 0 for no limit."
    )
    entry: float = Field(
        240,
        ge=0,
        le=_WEEK,
        description="Minutes for an entry of a tournament on all folds, and for a finalist; one that takes longer has "
        "failed, and the others go on; 0 for no limit.",
    )
    leaderboard: float = Field(30, ge=0, le=_WEEK, description="Minutes to rank a tournament; 0 for no limit.")
    final: float = Field(720, ge=0, le=_WEEK, description="Minutes for the final of a tournament; 0 for no limit.")
    monitoring: float = Field(
        240, ge=0, le=_WEEK, description="Minutes to hold a source against a version; 0 for no limit."
    )

    def of(self, stage: str) -> tuple[str, float]:
        """Return the field that holds for a stage and its minutes; an empty text and 0 where none does.

        >>> TimeoutsConfig().of("validate_split"), TimeoutsConfig().of("unheard_of")
        (('validation', 240.0), ('', 0.0))

        Args:
            stage: The name of the stage's task.
        """
        field = {
            "ingest": "ingest",
            "validate": "validation",
            "validate_split": "validation",
            "split": "split",
            "resample": "resampling",
            "persist": "persist",
            "announce": "announcement",
            "evaluate": "evaluation",
            "promote": "promotion",
            "prepare": "preparation",
            "compete": "entry",
            "award": "leaderboard",
            "decide": "final",
            "inspect": "monitoring",
        }.get(stage, "")
        return field, float(getattr(self, field)) if field else 0.0
