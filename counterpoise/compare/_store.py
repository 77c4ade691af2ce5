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

REMEDY = "restore the file from a backup, or remove it: `counterpoise compare` runs the comparison again"


class StoredLeaderboard(Sealed, Leaderboard):
    """A stored leaderboard, with the SHA-256 of its page, which is written after it."""

    page_sha256: Sha256 | None = None


def write_leaderboard(config: BalanceConfig, digest: str, leaderboard: Leaderboard) -> Leaderboard:
    """Write the leaderboard to `tournaments/<key>.json` of the dataset and return it with its origin and address.

    The key covers the comparison's settings, which are not part of the run key, as well as the run key.

    Args:
        config: The whole configuration.
        digest: The source's digest.
        leaderboard: The leaderboard.
    """
    origin = Origin(
        seed=config.seed,
        command=f"counterpoise compare {config.name}.yaml",
        run_key=run_key(config, digest),
        source_digest=digest,
        libraries=library_versions(),
        config=config.portable(),
    )
    return _store(config, digest, leaderboard.model_copy(update={"origin": origin}), page="")


def write_page(config: BalanceConfig, digest: str, leaderboard: Leaderboard, page: str) -> Leaderboard:
    """Write the page next to the leaderboard, record its digest there, and return the leaderboard with its address.

    Args:
        config: The whole configuration.
        digest: The source's digest.
        leaderboard: The leaderboard as `write_leaderboard` returned it.
        page: The page, HTML.
    """
    folder, name = _folder(config), f"tournaments/{comparison_key(config, digest)}.html"
    folder.store.replace(name, page.encode())
    written = _store(config, digest, leaderboard, page=hashlib.sha256(page.encode()).hexdigest())
    return written.model_copy(update={"page": join_address(folder.address, name)})


def _store(config: BalanceConfig, digest: str, leaderboard: Leaderboard, *, page: str) -> Leaderboard:
    """Write a sealed leaderboard, with the digest of its page if it has one."""
    folder, name = _folder(config), f"tournaments/{comparison_key(config, digest)}.json"
    plain = json.loads(leaderboard.model_dump_json(exclude={"file", "page"}))
    folder.store.replace(name, as_json(seal({**plain, **({"page_sha256": page} if page else {})})).encode())
    return leaderboard.model_copy(update={"file": join_address(folder.address, name)})


def comparison_key(config: BalanceConfig, digest: str) -> str:
    """Return the key that identifies a comparison: its run key and its settings, without the number of workers.

    Args:
        config: The whole configuration.
        digest: The source's digest.
    """
    settings = config.tournament.model_dump(mode="json", exclude={"workers"})
    return json_sha256([run_key(config, digest), settings])


def newest_leaderboard(config: BalanceConfig, digest: str) -> Leaderboard | None:
    """Return the newest leaderboard for the same source and split, regardless of the configured strategy, or None.

    Args:
        config: The whole configuration.
        digest: The source's digest.
    """
    folder, wanted = _folder(config), _rows_of(config.portable())
    files = [file for file in folder.store.entries("tournaments") if is_leaderboard(file.name)]
    for file in sorted(files, key=lambda file: file.modified, reverse=True):
        try:
            leaderboard = read_leaderboard(folder, file.name)
        except (FileNotFoundError, IntegrityError) as error:
            if isinstance(error, IntegrityError):
                pass_over(error, "the report omits a comparison")
            continue
        origin = leaderboard.origin
        if origin is not None and origin.source_digest == digest and _rows_of(origin.config) == wanted:
            return leaderboard
    return None


def read_leaderboard(folder: DatasetFolder, name: str) -> Leaderboard:
    """Read a leaderboard and return it with its address.

    Args:
        folder: The dataset.
        name: The file's name within it.

    Raises:
        FileNotFoundError: The file does not exist.
        IntegrityError: The file was changed after it was written.
    """
    stored = read_stored(folder, StoredLeaderboard, name, remedy=REMEDY)
    page = f"{name.removesuffix('.json')}.html"
    places = {"file": name, "page": page if folder.store.exists(page) else ""}
    plain = {field: getattr(stored, field) for field in Leaderboard.model_fields}
    found = {field: place and join_address(folder.address, place) for field, place in places.items()}
    return Leaderboard.model_construct(**{**plain, **found})


def _rows_of(config: dict[str, Any]) -> list[Any]:
    """Return the settings that, with the source, determine the rows of each partition."""
    return [config.get(name) for name in ("seed", "columns", "split", "validation")]


def is_leaderboard(name: str) -> bool:
    """Whether a file is a complete leaderboard, not an access to test, a page or a draft."""
    folder, _, last = name.rpartition("/")
    return folder == "tournaments" and last.endswith(".json") and not last.startswith(".")


def _folder(config: BalanceConfig) -> DatasetFolder:
    return DatasetFolder.of(config)
