"""The guide to splitting shows configurations that are ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from counterpoise.config import build_config, load_config

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "splitting.md").read_text()
SHOWN = re.findall(r"^```yaml\n(.*?)^```$", GUIDE, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("text", SHOWN)
def test_every_configuration_of_the_guide_is_one_and_of_the_method_it_is_shown_for(text: str) -> None:
    config = build_config(yaml.load(text, Loader=yaml.BaseLoader))  # noqa: S506  # all values as texts
    assert f"method: {config.split.method}" in text


def test_the_guide_shows_every_method_that_needs_settings_and_every_reason() -> None:
    for method in ("grouped", "stable", "time"):
        assert any(f"method: {method}" in text for text in SHOWN), method
    for reason in ("equal_elsewhere", "group_elsewhere", "gap", "no_time"):
        assert f"`{reason}`" in GUIDE, reason


def test_the_example_of_a_growing_source_is_stable() -> None:
    assert load_config(ROOT / "examples" / "incremental.yaml").split.method == "stable"
