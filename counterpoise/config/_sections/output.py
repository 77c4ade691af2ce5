"""The section `output`: where and how versions are published."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from counterpoise.config._sections.fields import BlockName, Place, Section


class OutputConfig(Section):
    """Where and how versions are published."""

    root: Place = Field(
        "datasets",
        min_length=1,
        description="The folder that holds all datasets; also s3://bucket/prefix, gs://, az:// or abfs://.",
    )
    credentials_block: BlockName = ""
    compression_level: int = Field(1, ge=1, le=19, description="The zstd level of the Parquet files.")
    rows_per_file: int = Field(
        1_000_000, ge=1_000, le=100_000_000, description="The approximate number of rows per part file."
    )
    rows: Literal["all", "synthetic"] = Field(
        "all",
        description="Which rows of train are published: all, or only the synthetic ones, which is no anonymisation.",
    )
    materialise: Literal["rows", "recipe"] = Field(
        "rows",
        description="Publish the train partition as rows, or only as a recipe from which `counterpoise rebuild` "
        "rebuilds the rows.",
    )
