"""The leaderboard and its page as files of the dataset."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from pydantic import ValidationError

from counterpoise.core.config import BalanceConfig
from counterpoise.core.digest import json_sha256
from counterpoise.core.persist.layout import DatasetFolder
from counterpoise.core.persist.manifest import library_versions, run_key
from counterpoise.core.storage import join_address
from counterpoise.core.tournament.records import Leaderboard, Origin

__all__ = ["newest_leaderboard", "tournament_key", "write_leaderboard", "write_page"]


def write_leaderboard(config: BalanceConfig, digest: str, board: Leaderboard) -> Leaderboard:
    """Write the leaderboard to `tournaments/<key>.json` of the dataset and return it with its origin and place.

    The key stands for the run key, of which the tournament's settings are no part, and those settings.

    Args:
        config: The whole configuration.
        digest: The source's digest.
        board: The leaderboard.
    """
    origin = Origin(
        seed=config.seed,
        command=f"counterpoise compare {config.name}.yaml",
        run_key=run_key(config, digest),
        source_digest=digest,
        libraries=library_versions(),
        config=config.portable(),
    )
    written, folder = board.model_copy(update={"origin": origin}), _folder(config)
    name = f"tournaments/{tournament_key(config, digest)}.json"
    folder.store.replace(name, f"{written.model_dump_json(indent=1, exclude={'file', 'page'})}\n".encode())
    return written.model_copy(update={"file": join_address(folder.address, name)})


def write_page(config: BalanceConfig, digest: str, board: Leaderboard, page: str) -> Leaderboard:
    """Write the page beside the leaderboard's file and return the leaderboard with its place.

    Args:
        config: The whole configuration.
        digest: The source's digest.
        board: The leaderboard.
        page: The page, HTML.
    """
    folder, name = _folder(config), f"tournaments/{tournament_key(config, digest)}.html"
    folder.store.replace(name, page.encode())
    return board.model_copy(update={"page": join_address(folder.address, name)})


def tournament_key(config: BalanceConfig, digest: str) -> str:
    """Return what tells a tournament from others: its run key and its settings, but for how many work at a time.

    Args:
        config: The whole configuration.
        digest: The source's digest.
    """
    settings = config.tournament.model_dump(mode="json", exclude={"workers"})
    return json_sha256([run_key(config, digest), settings])


def newest_leaderboard(config: BalanceConfig, digest: str) -> Leaderboard | None:
    """Return the newest leaderboard on the same source and split, whatever strategy is configured; or None.

    Args:
        config: The whole configuration.
        digest: The source's digest.
    """
    folder, wanted = _folder(config), _rows_of(config.portable())
    files = [file for file in folder.store.files("tournaments") if _is_board(file.name)]
    for file in sorted(files, key=lambda file: file.modified, reverse=True):
        stored = json.loads(folder.store.read(file.name))
        origin = stored.get("origin") or {"source_digest": "", "config": {}}
        if origin["source_digest"] == digest and _rows_of(origin["config"]) == wanted:
            page = f"{file.name.removesuffix('.json')}.html"
            places = {"file": file.name, "page": page if folder.store.exists(page) else ""}
            found = {name: place and join_address(folder.address, place) for name, place in places.items()}
            with suppress(ValidationError):  # written by another version of this program, in another form
                return Leaderboard.model_validate(stored).model_copy(update=found)
    return None


def _rows_of(config: dict[str, Any]) -> list[Any]:
    """Return what of a configuration decides the rows of each partition, beside the source."""
    return [config.get(name) for name in ("seed", "columns", "split", "validation")]


def _is_board(name: str) -> bool:
    """Whether a file is a whole leaderboard: neither a look, a page nor a draft."""
    folder, _, last = name.rpartition("/")
    return folder == "tournaments" and last.endswith(".json") and not last.startswith(".")


def _folder(config: BalanceConfig) -> DatasetFolder:
    return DatasetFolder(config.output.root, config.name)
