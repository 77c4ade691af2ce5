"""A store under a prefix of a bucket in S3, Google Cloud Storage or Azure, accessed through obstore."""

from __future__ import annotations

import hashlib
import math
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextvars import copy_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from counterpoise.errors import StorageUnavailableError
from counterpoise.runtime import thread_pool
from counterpoise.storage._address import StoreAddress
from counterpoise.storage._attempts import Patience, agreed, create_once, retry
from counterpoise.storage._bucket_check import check_bucket
from counterpoise.storage._client import check_installed, client_of, request_seconds, secrets_of, settings_fingerprint
from counterpoise.storage._failures import missing_object, translated_failures
from counterpoise.storage._store import StoredFile

if TYPE_CHECKING:
    from obstore import ObjectMeta
    from obstore.store import ObjectStore as Client

_BLOCK_BYTES = 8 << 20
_BLOCKS_AHEAD = 4
_MOST_PARTS = 9_000
_READERS = 16
_READS = 4
_MD5 = re.compile("[0-9a-f]{32}")
_CHECKED_PLACES: set[tuple[str, int]] = set()
"""The places and settings for which this process has checked that the store supports publishing."""

T = TypeVar("T")


class ObjectStore:
    """Objects under a prefix. The store is not accessed before a method is called.

    Args:
        place: The bucket and the prefix.

    Raises:
        ConfigError: obstore is not installed.
    """

    def __init__(self, place: StoreAddress) -> None:
        check_installed(place)
        self._place = place
        self.address = str(place)

    @property
    def _client(self) -> Client:
        return client_of(self._place)

    def _request(self, action: str, request: Callable[[], T], *, bulk: bool = False) -> T:
        """Send a request, retry it after transient failures, and raise errors that name the action but no secrets."""

        def once() -> T:
            with translated_failures(self._place, action, secrets_of(self._place)):
                return request()

        return retry(once, self._patience(bulk=bulk))

    def _patience(self, *, bulk: bool = False) -> Patience:
        """Return how long to retry: long enough to try twice if the store never answers."""
        return Patience(seconds=2 * request_seconds(bulk=bulk))

    def _key(self, name: str) -> str:
        return "/".join(filter(None, (self._place.prefix, name.strip("/"))))

    def _name(self, key: str) -> str:
        return key.removeprefix(self._place.prefix).lstrip("/")

    def prepare(self) -> None:
        """Check once per process and place that the store supports publishing and that we have permission.

        Raises:
            StorageError: The store lacks support, or we lack permission.
        """
        checked = (self.address, settings_fingerprint(self._place))
        if checked not in _CHECKED_PLACES:
            check_bucket(self, self._place.bucket)
            _CHECKED_PLACES.add(checked)

    def read(self, name: str) -> bytes:
        """Return the content of a small object.

        If its tag is an MD5 that does not match the content, read it again; content that arrives twice is accepted.

        Raises:
            FileNotFoundError: The object does not exist.
            StorageError: The store refuses access.
        """
        import obstore

        def read() -> tuple[bytes, str]:
            answer = obstore.get(self._client, self._key(name))
            return answer.bytes().to_bytes(), _tag(answer.meta)

        seen: bytes | None = None
        for _ in range(_READS):
            content, tag = self._request(f"read {name}", read)
            if content == seen or _fits(tag, hashlib.md5(content, usedforsecurity=False).hexdigest()):
                return content
            seen = content
        raise self._unsettled(name)

    def create(self, name: str, content: bytes) -> bool:
        """Create an object if its name is free; return whether it now has our content.

        Raises:
            StorageError: The store refuses access or does not support conditional writes.
        """
        self.prepare()
        return create_once(
            lambda: self.create_unchecked(name, content),
            lambda: self.read(name),
            content,
            name=f"{self.address}/{name}",
            patience=self._patience(),
        )

    def create_unchecked(self, name: str, content: bytes) -> bool:
        """Try once to create an object; return False if the store says that it exists."""
        import obstore
        from obstore.exceptions import AlreadyExistsError

        with translated_failures(self._place, f"create {name}", secrets_of(self._place)):
            try:
                obstore.put(self._client, self._key(name), content, mode="create")
            except AlreadyExistsError:
                return False
        return True

    def replace(self, name: str, content: bytes) -> None:
        """Write a small object, replacing any earlier one."""
        import obstore

        self._request(f"write {name}", lambda: obstore.put(self._client, self._key(name), content))

    def put(self, name: str, path: Path) -> None:
        """Upload a local file, in parts if it is large, replacing any earlier object."""
        import obstore

        part, client = max(_BLOCK_BYTES, path.stat().st_size // _MOST_PARTS + 1), client_of(self._place, bulk=True)
        self._request(
            f"write {name}",
            lambda: obstore.put(client, self._key(name), path, chunk_size=part, max_concurrency=_BLOCKS_AHEAD),
            bulk=True,
        )

    def get(self, file: StoredFile, path: Path) -> str:
        """Download an object exactly as listed, and return its SHA-256.

        Raises:
            FileNotFoundError: The object was removed or replaced.
        """
        with open(path, "wb") as target:
            return self._read_through(file, target)

    def sha256(self, file: StoredFile) -> str:
        """Read an object, a few megabytes at a time, and return its SHA-256."""
        return self._read_through(file, None)

    def _read_through(self, file: StoredFile, target: BinaryIO | None) -> str:
        """Copy an object's content and return its SHA-256; content that contradicts the tag must arrive twice."""
        seen = ""
        for _ in range(_READS):
            sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
            for block in self._blocks(file):
                sha256.update(block)
                md5.update(block)
                if target is not None:
                    target.write(block)
            if sha256.hexdigest() == seen or _fits(file.tag, md5.hexdigest()):
                return sha256.hexdigest()
            seen = sha256.hexdigest()
            if target is not None:
                target.seek(0)
                target.truncate()
        raise self._unsettled(file.name)

    def _blocks(self, file: StoredFile) -> Iterator[Any]:
        """Yield an object's bytes in order, prefetching a few ranges; each has its own timeout and retries."""
        waiting: deque[Future[Any]] = deque()
        with thread_pool(_BLOCKS_AHEAD) as pool:
            try:
                for start in range(0, file.bytes, _BLOCK_BYTES):
                    waiting.append(pool.submit(copy_context().run, self._block, file, start))
                    if len(waiting) > _BLOCKS_AHEAD:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                pool.shutdown(cancel_futures=True)

    def _block(self, file: StoredFile, start: int) -> Any:
        """Return one range of an object, provided that it is still the listed one."""
        import obstore
        from obstore.exceptions import PreconditionError

        stop = min(start + _BLOCK_BYTES, file.bytes)
        options: Any = {"range": (start, stop), **({"if_match": file.tag} if file.tag else {})}
        client = client_of(self._place, bulk=True)

        def fetch() -> Any:
            try:
                content = obstore.get(client, self._key(file.name), options=options).bytes()
            except PreconditionError:
                self._check_unreplaced(file)
                raise
            if len(content) != stop - start:
                raise ValueError(f"a response body of {len(content)} bytes instead of {stop - start}")
            return content

        return self._request(f"read {file.name}", fetch, bulk=True)

    def _check_unreplaced(self, file: StoredFile) -> None:
        """Check the store's claim that an object was replaced.

        Raises:
            FileNotFoundError: The object was replaced or removed.
        """
        now = self.look(file.name)
        if now is None or now.tag != file.tag:
            raise missing_object(self.address, f"read {file.name}", f"{file.name} has been replaced")

    def _unsettled(self, name: str) -> StorageUnavailableError:
        return StorageUnavailableError(
            "unsettled_content",
            expected=f"the same content of {self.address}/{name} on every read",
            found=f"different bytes in each of {_READS} reads, none of which match the object's tag",
            remedy="check the network and any proxy before the store, then run again",
            values={"name": name},
        )

    def look(self, name: str) -> StoredFile | None:
        """Return an object's metadata without reading the object; None if it does not exist."""
        import obstore

        def look() -> StoredFile:
            metadata = obstore.head(self._client, self._key(name))
            _tag(metadata)
            return self._stored(metadata)

        try:
            return self._request(f"look at {name}", look)
        except FileNotFoundError:
            return None

    def exists(self, name: str) -> bool:
        """Return whether there is an object of that name."""
        return self.look(name) is not None

    def entries(self, folder: str) -> list[StoredFile]:
        """Return the objects directly under a prefix, sorted by name, confirmed by two listings."""
        return agreed(lambda: self._sorted(self._listed(folder)["objects"]))

    def names(self, folder: str) -> list[str]:
        """Return the base names of the objects directly under a prefix, sorted."""
        found = self._sorted(self._listed(folder)["objects"]) or self._sorted(self._listed(folder)["objects"])
        return [file.name.rpartition("/")[2] for file in found]

    def folders(self, folder: str) -> list[str]:
        """Return the base names of the prefixes directly under a prefix, sorted."""
        return sorted(self._name(prefix).rpartition("/")[2] for prefix in self._listed(folder)["common_prefixes"])

    def _listed(self, folder: str) -> Any:
        import obstore

        return self._request(
            f"list {folder or 'it'}", lambda: obstore.list_with_delimiter(self._client, self._key(folder) or None)
        )

    def files(self, folder: str) -> list[StoredFile]:
        """Return all objects under a prefix, sorted by name, confirmed by two listings."""
        import obstore

        def listed() -> list[ObjectMeta]:
            return [item for page in obstore.list(self._client, self._key(folder) or None) for item in page]

        return agreed(lambda: self._sorted(self._request(f"list {folder or 'it'}", listed)))

    def _sorted(self, items: Iterable[ObjectMeta]) -> list[StoredFile]:
        """Return objects sorted by name, without the empty marker that some tools create for a folder."""
        files = sorted(map(self._stored, items), key=lambda file: file.name)
        return [file for file in files if file.name]

    def _stored(self, item: ObjectMeta) -> StoredFile:
        return StoredFile(
            self._name(item["path"]), item["size"], item["last_modified"].timestamp(), item["e_tag"] or ""
        )

    def modified(self, folder: str) -> float:
        """Return the time of the last write under a prefix, in seconds since 1970.

        For an empty listing the time is infinite, so that the prefix never counts as old.
        """
        return max((file.modified for file in self.files(folder)), default=math.inf)

    def delete(self, folder: str) -> None:
        """Remove all objects under a prefix, the first object before all others."""
        keys = [self._key(file.name) for file in self.files(folder)]
        for batch in (keys[:1], keys[1:]):
            self._remove(batch)

    def _remove(self, keys: Sequence[str]) -> None:
        import obstore

        if keys:
            self._request("remove objects", lambda: obstore.delete(self._client, keys))


def _fits(tag: str, md5: str) -> bool:
    """Return whether a tag is compatible with the content; not every tag is an MD5 of the whole object."""
    plain = tag.strip('"')
    return _MD5.fullmatch(plain) is None or plain == md5


def _tag(metadata: ObjectMeta) -> str:
    """Return an object's entity tag; a server that omits it is not an object store.

    Raises:
        ValueError: There is no entity tag.
    """
    tag = metadata["e_tag"]
    if not tag:
        raise ValueError("an answer without an entity tag, which every store sends")
    return tag
