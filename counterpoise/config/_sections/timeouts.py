"""The section `timeouts`: how long stages may take."""

from __future__ import annotations

from pydantic import Field

from counterpoise.config._sections.fields import Section

_WEEK = 7 * 24 * 60


class TimeoutsConfig(Section):
    """The maximum duration of each stage in minutes; published datasets do not depend on them."""

    ingest: float = Field(240, ge=0, le=_WEEK, description="Minutes to read the source; 0 for no limit.")
    validation: float = Field(240, ge=0, le=_WEEK, description="Minutes to check the data; 0 for no limit.")
    split: float = Field(120, ge=0, le=_WEEK, description="Minutes to split the rows; 0 for no limit.")
    resampling: float = Field(480, ge=0, le=_WEEK, description="Minutes to plan the resampling; 0 for no limit.")
    persist: float = Field(480, ge=0, le=_WEEK, description="Minutes to write the version; 0 for no limit.")
    announcement: float = Field(30, ge=0, le=_WEEK, description="Minutes to announce the version; 0 for no limit.")
    evaluation: float = Field(720, ge=0, le=_WEEK, description="Minutes to train and score learners; 0 for no limit.")
    promotion: float = Field(30, ge=0, le=_WEEK, description="Minutes to promote the version; 0 for no limit.")
    preparation: float = Field(
        240, ge=0, le=_WEEK, description="Minutes to prepare a comparison's folds and features; 0 for no limit."
    )
    entry: float = Field(
        240,
        ge=0,
        le=_WEEK,
        description="Minutes for one candidate of a comparison on all folds, and for one finalist; a slower one "
        "fails, and the others continue; 0 for no limit.",
    )
    leaderboard: float = Field(30, ge=0, le=_WEEK, description="Minutes to rank the candidates; 0 for no limit.")
    final: float = Field(720, ge=0, le=_WEEK, description="Minutes for the final test of a comparison; 0 for no limit.")
    monitoring: float = Field(
        240, ge=0, le=_WEEK, description="Minutes to compare a source with a version; 0 for no limit."
    )

    def of(self, stage: str) -> tuple[str, float]:
        """Return the timeout field of a stage and its minutes; `("", 0)` if it has none.

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
            "cross_validate": "entry",
            "rank": "leaderboard",
            "final_test": "final",
            "inspect": "monitoring",
        }.get(stage, "")
        return field, float(getattr(self, field)) if field else 0.0
