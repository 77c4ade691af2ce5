"""What docs/tournament.md shows works."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from counterpoise.core.config_file import build_config
from counterpoise.core.tournament.entries import list_entries
from tests.core.tournament.arenas import TREE
from tests.snapshots import mixed_table, run_engine

GUIDE = Path(__file__).parents[3] / "docs" / "tournament.md"


def shown(language: str) -> str:
    (block,) = re.findall(rf"^```{language}\n(.*?)^```$", GUIDE.read_text(), flags=re.MULTILINE | re.DOTALL)
    return str(block)


def test_the_settings_are_a_tournament() -> None:
    settings = yaml.safe_load(shown("yaml"))
    basics: dict[str, Any] = {"name": "fraud", "source": {"path": "fraud.csv"}, "columns": {"target": "is_fraud"}}
    assert len(list_entries(build_config(basics | settings).tournament)) == 14


def test_the_snippet_plays_a_tournament_with_its_final(tmp_path: Path) -> None:
    run = run_engine(
        mixed_table(600, share=0.3),
        tmp_path,
        columns={"target": "label", "ids": ["id"]},
        evaluation={"bootstrap": 20},
        tournament={"folds": 2, "strategies": ["random_over"], "learners": [TREE]},
    )
    known: dict[str, Any] = {"config": run.config, "snapshot": run.snapshot, "split": run.split}
    exec(shown("python"), known | {"folder": tmp_path / "arena"}, known)  # noqa: S102  # our own document
    assert known["board"].final.verdict
    assert known["board"].final.test_digest
