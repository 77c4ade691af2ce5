"""A store that is a prefix of a bucket: S3, Google Cloud Storage or Azure, all through obstore."""

from __future__ import annotations

import hashlib
import uuid
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from counterpoise.core.errors import StorageError, StorageUnavailableError
from counterpoise.core.storage.address import StoreAddress
from counterpoise.core.storage.client import check_installed, client_of, secrets_of
from counterpoise.core.storage.failures import told_failures
from counterpoise.core.storage.store import StoredFile

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from obstore import ObjectMeta
    from obstore.store import ObjectStore as Client

__all__ = ["ObjectStore"]

_BLOCK_BYTES = 8 << 20
_BLOCKS_AHEAD = 4
_MOST_PARTS = 9_000
_READERS = 16
_CREATE_TRIES = 4
_KNOWN_CONDITIONS: set[str] = set()
"""Buckets that were seen to refuse the creation of what is there, in this process."""


class ObjectStore:
    """Objects under a prefix. Nothing is asked of the store before a method is called.

    Args:
        place: The bucket and the prefix.

    Raises:
        ConfigError: The library is not installed.
    """

    def __init__(self, place: StoreAddress) -> None:
        check_installed(place)
        self._place = place
        self.address = str(place)

    @property
    def _client(self) -> Client:
        return client_of(self._place)

    def _told(self, doing: str) -> AbstractContextManager[None]:
        """Turn failures into errors that say what was tried, without secrets."""
        return told_failures(self._place, doing, secrets_of(self._place))

    def _key(self, name: str) -> str:
        return "/".join(filter(None, (self._place.prefix, name.strip("/"))))

    def _name(self, key: str) -> str:
        return key.removeprefix(self._place.prefix).lstrip("/")

    def read(self, name: str) -> bytes:
        """Return the content of a small object.

        Raises:
            FileNotFoundError: There is none.
            StorageError: The store refuses.
        """
        import obstore

        with self._told(f"read {name}"):
            return obstore.get(self._client, self._key(name)).bytes().to_bytes()

    def read_many(self, names: Sequence[str]) -> list[bytes]:
        """Return the contents of small objects, several at a time, in the order of their names."""
        if len(names) < 2:
            return [self.read(name) for name in names]
        client = self._client  # what was granted is known to this thread only

        def read(name: str) -> bytes:
            return obstore.get(client, self._key(name)).bytes().to_bytes()

        import obstore

        with self._told(f"read {names[0]} and others"), ThreadPoolExecutor(min(_READERS, len(names))) as pool:
            return list(pool.map(read, names))

    def create(self, name: str, content: bytes) -> bool:
        """Create an object if there is none of that name; return False, and change nothing, where there is one.

        An answer that was lost on its way counts as what happened: the object that lies there is ours if it has our
        content, to the byte.

        Raises:
            StorageError: The store refuses, or does not know conditions on writing.
        """
        self._check_conditions()
        for attempt in range(_CREATE_TRIES):
            try:
                return self._create(name, content) or self._has(name, content)
            except StorageUnavailableError:
                if self._has(name, content):
                    return True
                if attempt == _CREATE_TRIES - 1:
                    raise
        raise AssertionError("the last try returns or raises")

    def _create(self, name: str, content: bytes) -> bool:
        import obstore
        from obstore.exceptions import AlreadyExistsError

        with self._told(f"create {name}"):
            try:
                obstore.put(self._client, self._key(name), content, mode="create")
            except AlreadyExistsError:
                return False
        return True

    def _check_conditions(self) -> None:
        """Make sure, once a process and bucket, that the store refuses to create what is there.

        A server that ignores the condition would let one version take another's place without a word.
        """
        if self._place.bucket in _KNOWN_CONDITIONS:
            return
        probe = f".conditions-{uuid.uuid4().hex}"
        try:
            refused = self._create(probe, b"1") and not self._create(probe, b"2")
        finally:
            self._remove([self._key(probe)])
        if not refused:
            raise StorageError(
                "no_conditional_put",
                expected=f"{self._place.bucket} to refuse the creation of an object that is there (If-None-Match: *)",
                found="a store that ignores the condition, so that runs could overwrite each other's versions",
                remedy="use a store that knows it, as S3, Google Cloud Storage, Azure and current MinIO do",
            )
        _KNOWN_CONDITIONS.add(self._place.bucket)

    def _has(self, name: str, content: bytes) -> bool:
        try:
            return self.read(name) == content
        except FileNotFoundError:
            return False

    def replace(self, name: str, content: bytes) -> None:
        """Write a small object, whatever was there."""
        import obstore

        with self._told(f"write {name}"):
            obstore.put(self._client, self._key(name), content)

    def put(self, name: str, path: Path) -> None:
        """Upload a local file, in parts if it is large, whatever was there."""
        import obstore

        part = max(_BLOCK_BYTES, path.stat().st_size // _MOST_PARTS + 1)
        with self._told(f"write {name}"):
            obstore.put(self._client, self._key(name), path, chunk_size=part, max_concurrency=_BLOCKS_AHEAD)

    def get(self, file: StoredFile, path: Path) -> str:
        """Download an object as it was when it was listed, and return its SHA-256.

        Raises:
            FileNotFoundError: It is gone, or another one has taken its place.
        """
        digest = hashlib.sha256()
        with open(path, "wb") as target:
            for block in self._blocks(file):
                target.write(block)
                digest.update(block)
        return digest.hexdigest()

    def sha256(self, file: StoredFile) -> str:
        """Read an object, a few megabytes at a time, and return its SHA-256."""
        digest = hashlib.sha256()
        for block in self._blocks(file):
            digest.update(block)
        return digest.hexdigest()

    def _blocks(self, file: StoredFile) -> Iterator[Any]:
        """Yield an object's bytes in order, a few ranges fetched ahead: each has its own timeout and retries."""
        import obstore
        from obstore.exceptions import PreconditionError

        client, key = self._client, self._key(file.name)

        def fetch(start: int) -> Any:
            stop = min(start + _BLOCK_BYTES, file.bytes)
            options: Any = {"range": (start, stop), **({"if_match": file.tag} if file.tag else {})}
            return obstore.get(client, key, options=options).bytes()

        waiting: deque[Future[Any]] = deque()
        with self._told(f"read {file.name}"), ThreadPoolExecutor(_BLOCKS_AHEAD) as pool:
            try:
                for start in range(0, file.bytes, _BLOCK_BYTES):
                    waiting.append(pool.submit(fetch, start))
                    if len(waiting) > _BLOCKS_AHEAD:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            except PreconditionError:
                raise FileNotFoundError(f"{file.name} has been replaced") from None

    def look(self, name: str) -> StoredFile | None:
        """Return what is known of an object without reading it; None where there is none of that name."""
        import obstore

        try:
            with self._told(f"look at {name}"):
                return self._stored(obstore.head(self._client, self._key(name)))
        except FileNotFoundError:
            return None

    def exists(self, name: str) -> bool:
        """Return whether there is an object of that name."""
        return self.look(name) is not None

    def entries(self, folder: str) -> list[StoredFile]:
        """Return the objects directly under a prefix, sorted by name."""
        return self._sorted(self._listed(folder)["objects"])

    def names(self, folder: str) -> list[str]:
        """Return the last names of the objects directly under a prefix, sorted."""
        return [file.name.rpartition("/")[2] for file in self.entries(folder)]

    def folders(self, folder: str) -> list[str]:
        """Return the last names of the prefixes directly under a prefix, sorted."""
        return sorted(self._name(prefix).rpartition("/")[2] for prefix in self._listed(folder)["common_prefixes"])

    def _listed(self, folder: str) -> Any:
        import obstore

        with self._told(f"list {folder or 'it'}"):
            return obstore.list_with_delimiter(self._client, self._key(folder) or None)

    def files(self, folder: str) -> list[StoredFile]:
        """Return all objects under a prefix, sorted by name."""
        import obstore

        with self._told(f"list {folder or 'it'}"):
            found = [item for page in obstore.list(self._client, self._key(folder) or None) for item in page]
        return self._sorted(found)

    def _sorted(self, items: Iterable[ObjectMeta]) -> list[StoredFile]:
        """Return objects by name, without the empty one that some tools put at a prefix to make it a folder."""
        files = sorted(map(self._stored, items), key=lambda file: file.name)
        return [file for file in files if file.name]

    def _stored(self, item: ObjectMeta) -> StoredFile:
        return StoredFile(
            self._name(item["path"]), item["size"], item["last_modified"].timestamp(), item["e_tag"] or ""
        )

    def modified(self, folder: str) -> float:
        """Return when anything under a prefix was last written, in seconds since 1970."""
        return max((file.modified for file in self.files(folder)), default=0.0)

    def delete(self, folder: str) -> None:
        """Remove all objects under a prefix, the first one before the others."""
        keys = [self._key(file.name) for file in self.files(folder)]
        for batch in (keys[:1], keys[1:]):
            self._remove(batch)

    def _remove(self, keys: Sequence[str]) -> None:
        import obstore

        with self._told("remove objects"):
            if keys:
                obstore.delete(self._client, keys)
