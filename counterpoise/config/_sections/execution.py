"""The section of the configuration that says on which machines the work is done."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from counterpoise.config._sections.fields import Section

__all__ = ["EngineConfig"]

_ADDRESS = r"^([a-z]+://)?[^\s/@]+:\d{1,5}$|^$"


class EngineConfig(Section):
    """Where files are written, columns are validated and entries compete; every engine publishes the same bytes."""

    kind: Literal["local", "dask"] = Field(
        "local",
        description="local works on threads of this machine; dask spreads the work over a cluster (needs "
        "counterpoise[dask]).",
    )
    address: str = Field(
        "",
        pattern=_ADDRESS,
        description="With dask: the address of a scheduler that runs, such as tcp://10.0.0.5:8786, whose workers see "
        "source and output.root under the same paths; empty for a cluster on this machine that ends with the run.",
    )
    workers: int = Field(
        0, ge=0, le=1_024, description="Worker processes of a cluster on this machine; 0 for one a processor core."
    )
    threads: int = Field(1, ge=1, le=256, description="Threads of each of these worker processes.")

    @model_validator(mode="before")
    @classmethod
    def _kind_alone(cls, values: Any) -> Any:
        """Accept the kind where the section stands: `engine: dask`."""
        return {"kind": values} if isinstance(values, str) else values

    @model_validator(mode="after")
    def _settings_of_the_kind(self) -> EngineConfig:
        if self.kind == "local" and self.address:
            raise ValueError("an address goes with kind dask")
        if self.address and (self.workers, self.threads) != (0, 1):
            raise ValueError("workers and threads are for a cluster on this machine: a scheduler has its own")
        return self
