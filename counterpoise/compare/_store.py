"""The leaderboard and its page as files of the dataset."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from counterpoise.config import BalanceConfig
from counterpoise.errors import IntegrityError
from counterpoise.persist import DatasetFolder, as_json, library_versions, pass_over, read_stored, run_key
from counterpoise.records import Sealed, Sha256, seal
from counterpoise.results import Leaderboard, Origin
from counterpoise.runtime import json_sha256
from counterpoise.storage import join_address

__all__ = [
    "REMEDY",
    "StoredLeaderboard",
    "comparison_key",
    "is_leaderboard",
    "newest_leaderboard",
    "read_leaderboard",
    "write_leaderboard",
    "write_page",
]

REMEDY = "restore the file from a backup, or remove it: `counterpoise compare` plays the tournament again"


class StoredLeaderboard(Sealed, Leaderboard):
    """A leaderboard as it lies in a dataset, with the SHA-256 of its page, which is written after it."""

    page_sha256: Sha256 | None = None


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
    return _store(config, digest, board.model_copy(update={"origin": origin}), page="")


def write_page(config: BalanceConfig, digest: str, board: Leaderboard, page: str) -> Leaderboard:
    """Write the page beside the leaderboard's file, which says its digest then; return the leaderboard with its place.

    Args:
        config: The whole configuration.
        digest: The source's digest.
        board: The leaderboard as it was written.
        page: The page, HTML.
    """
    folder, name = _folder(config), f"tournaments/{comparison_key(config, digest)}.html"
    folder.store.replace(name, page.encode())
    written = _store(config, digest, board, page=hashlib.sha256(page.encode()).hexdigest())
    return written.model_copy(update={"page": join_address(folder.address, name)})


def _store(config: BalanceConfig, digest: str, board: Leaderboard, *, page: str) -> Leaderboard:
    """Write a leaderboard, sealed, with the digest of its page where there is one."""
    folder, name = _folder(config), f"tournaments/{comparison_key(config, digest)}.json"
    plain = json.loads(board.model_dump_json(exclude={"file", "page"}))
    folder.store.replace(name, as_json(seal({**plain, **({"page_sha256": page} if page else {})})).encode())
    return board.model_copy(update={"file": join_address(folder.address, name)})


def comparison_key(config: BalanceConfig, digest: str) -> str:
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
    files = [file for file in folder.store.entries("tournaments") if is_leaderboard(file.name)]
    for file in sorted(files, key=lambda file: file.modified, reverse=True):
        try:
            board = read_leaderboard(folder, file.name)
        except (FileNotFoundError, IntegrityError) as error:
            if isinstance(error, IntegrityError):
                pass_over(error, "the report leaves a tournament out")
            continue
        origin = board.origin
        if origin is not None and origin.source_digest == digest and _rows_of(origin.config) == wanted:
            return board
    return None


def read_leaderboard(folder: DatasetFolder, name: str) -> Leaderboard:
    """Return a leaderboard with its place.

    Args:
        folder: The dataset.
        name: The file's name within it.

    Raises:
        FileNotFoundError: There is none.
        IntegrityError: It is not what was written.
    """
    stored = read_stored(folder, StoredLeaderboard, name, remedy=REMEDY)
    page = f"{name.removesuffix('.json')}.html"
    places = {"file": name, "page": page if folder.store.exists(page) else ""}
    plain = {field: getattr(stored, field) for field in Leaderboard.model_fields}
    found = {field: place and join_address(folder.address, place) for field, place in places.items()}
    return Leaderboard.model_construct(**{**plain, **found})


def _rows_of(config: dict[str, Any]) -> list[Any]:
    """Return what of a configuration decides the rows of each partition, beside the source."""
    return [config.get(name) for name in ("seed", "columns", "split", "validation")]


def is_leaderboard(name: str) -> bool:
    """Whether a file is a whole leaderboard: neither a look, a page nor a draft."""
    folder, _, last = name.rpartition("/")
    return folder == "tournaments" and last.endswith(".json") and not last.startswith(".")


def _folder(config: BalanceConfig) -> DatasetFolder:
    return DatasetFolder.of(config)
