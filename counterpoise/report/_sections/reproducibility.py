"""The identity of the version, and how to reproduce it."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from counterpoise.report._data import ReportData
from counterpoise.report._section import Section


def _configuration(data: ReportData) -> str:
    """Return the configuration as YAML; if it contains invisible characters, escape all but ASCII."""
    config = data.reproducibility.config
    text = yaml.safe_dump(config, sort_keys=False, allow_unicode=True)
    visible = text.replace("\n", "").isprintable()
    return text if visible else yaml.safe_dump(config, sort_keys=False)


def _brief(data: ReportData) -> Iterator[str]:
    yield f"Run again: `{data.reproducibility.command.replace('`', '')}`, seed {data.reproducibility.seed}"


REPRODUCIBILITY = Section("reproducibility", "Reproducibility", "reproducibility.html.j2", _configuration, brief=_brief)
