"""Arguments and options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def _explained(incomplete: str) -> list[str]:
    """Return the names that a shell may complete."""
    from counterpoise.flows.explain import names

    return [name for name in names() if name.startswith(incomplete)]


Config = Annotated[Path, typer.Argument(help="The configuration, a YAML file.")]
Explained = Annotated[str, typer.Argument(autocompletion=_explained, help="A strategy or a metric.")]
Overrides = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Set a field, such as split.test_size=0.3.")
]
Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON object on standard output, the rest on standard error.")
]
Prefect = Annotated[
    bool, typer.Option("--prefect", help="Record the run in Prefect, on a temporary server if none is configured.")
]
Source = Annotated[
    str, typer.Option(help="The current location of the source: a path, an object store's address or a database's URL.")
]
TrustManifest = Annotated[
    bool, typer.Option("--trust-manifest", help="Read the source wherever the manifest says, and run its query.")
]
Address = Annotated[
    str,
    typer.Argument(
        metavar="ROOT/NAME[@N]", help="A version: the newest without @N, or the promoted one with @promoted."
    ),
]
