"""The guide to splitting shows configurations that are ones."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml

from counterpoise.config import build_config, load_config
from counterpoise.records import PARTITIONS
from counterpoise.split import read_partition
from counterpoise.verify._version import verify_version
from tests.snapshots import run_engine

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
    for reason in (
        "equal_elsewhere",
        "group_elsewhere",
        "gap",
        "no_time",
        "delay",
        "outside_window",
        "known_positive",
    ):
        assert f"`{reason}`" in GUIDE, reason


def test_the_example_of_a_growing_source_is_stable() -> None:
    assert load_config(ROOT / "examples" / "incremental.yaml").split.method == "stable"


def test_three_weeks_of_transactions_run_as_the_guide_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (program,) = re.findall(r"^```python\n(.*?)^```$", GUIDE, flags=re.MULTILINE | re.DOTALL)
    exec(program, {})  # noqa: S102  # the guide's own program
    (text,) = [text for text in SHOWN if "name: cards" in text]
    settings = yaml.safe_load(text)
    table = pq.read_table("transactions.parquet")
    run = run_engine(table, tmp_path / "run", columns={**settings["columns"]}, split=settings["split"])
    day = table["at"].to_numpy().astype("M8[D]")
    where = read_partition(run.split)
    for name, first, last in (("train", 1, 7), ("validation", 1, 7), ("test", 15, 21)):
        own = day[where == PARTITIONS.index(name)]
        assert np.datetime64(f"2025-03-{first:02d}") <= own.min()
        assert own.max() <= np.datetime64(f"2025-03-{last:02d}")
    assert set(run.split.apart) == {"delay", "known_positive"}
    assert verify_version(run.version.root, run.version.dataset, 1) == []
