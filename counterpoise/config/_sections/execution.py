"""The section `engine`: which machines do the work."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from counterpoise.config._sections.fields import Section

_ADDRESS = r"^([a-z]+://)?[^\s/@]+:\d{1,5}$|^$"


class EngineConfig(Section):
    """Where files are written, columns validated and candidates fitted; every engine publishes the same bytes."""

    kind: Literal["local", "dask"] = Field(
        "local",
        description="local uses threads of this machine; dask distributes the work over a cluster (needs "
        "counterpoise[dask]).",
    )
    address: str = Field(
        "",
        pattern=_ADDRESS,
        description="With dask: the address of a running scheduler, such as tcp://10.0.0.5:8786, whose workers see "
        "source and output.root under the same paths; empty for a temporary cluster on this machine.",
    )
    workers: int = Field(
        0, ge=0, le=1_024, description="Worker processes of a cluster on this machine; 0 for one per CPU core."
    )
    threads: int = Field(1, ge=1, le=256, description="Threads per worker process.")

    @model_validator(mode="before")
    @classmethod
    def _kind_alone(cls, values: Any) -> Any:
        """Accept the kind in place of the section: `engine: dask`."""
        return {"kind": values} if isinstance(values, str) else values

    @model_validator(mode="after")
    def _settings_of_the_kind(self) -> EngineConfig:
        if self.kind == "local" and self.address:
            raise ValueError("an address needs kind dask")
        if self.address and (self.workers, self.threads) != (0, 1):
            raise ValueError("workers and threads apply only to a cluster on this machine, not to one with an address")
        return self
