"""The leaderboard as a file of its dataset."""

from __future__ import annotations

import os
import uuid

from counterpoise.core.config import BalanceConfig
from counterpoise.core.digest import json_sha256
from counterpoise.core.persist.layout import DatasetFolder
from counterpoise.core.persist.manifest import run_key
from counterpoise.core.tournament.records import Leaderboard

__all__ = ["write_leaderboard"]


def write_leaderboard(config: BalanceConfig, digest: str, board: Leaderboard) -> Leaderboard:
    """Write the leaderboard to `tournaments/<key>.json` of the dataset and return it with its place.

    The key stands for the run key, of which the tournament's settings are no part, and those settings.

    Args:
        config: The whole configuration.
        digest: The source's digest.
        board: The leaderboard.
    """
    settings = config.tournament.model_dump(mode="json", exclude={"workers"})
    folder = DatasetFolder(config.output.root, config.name).path / "tournaments"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{json_sha256([run_key(config, digest), settings])}.json"
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    draft.write_text(board.model_dump_json(indent=1, exclude={"file"}) + "\n", encoding="utf-8")
    os.replace(draft, path)  # noqa: PTH105  # the name says that it replaces
    return board.model_copy(update={"file": str(path)})
