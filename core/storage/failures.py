"""What an object store's refusals mean: for the reader of an error, and for whoever decides on another try."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from counterpoise.core.errors import StorageError, StorageUnavailableError
from counterpoise.core.redact import redact
from counterpoise.core.storage.address import StoreAddress

__all__ = ["told_failures"]

_NO_BUCKET = re.compile(r"NoSuchBucket|ContainerNotFound|bucket (does not exist|not found)", re.IGNORECASE)
_NO_CREDENTIALS = re.compile(r"169\.254\.|metadata\.google|latest/(api|meta-data)", re.IGNORECASE)
_REFUSED = re.compile(r"\b(401|403)\b|AccessDenied|InvalidAccessKeyId|SignatureDoesNotMatch|Unauthorized|Forbidden")
_SETTINGS = re.compile(r"must be specified|builder error|Configuration key|Unable to (parse|decode)|invalid URL")
_MAY_PASS = re.compile(
    r"status code: (5\d\d|429|408|409)|error sending request|timed? ?out|connection|response body|dns", re.IGNORECASE
)
_MOST = 400


@contextmanager
def told_failures(address: StoreAddress, doing: str, secrets: Collection[str] = ()) -> Iterator[None]:
    """Turn the library's errors into ours; a file that is not there stays a `FileNotFoundError`.

    Args:
        address: The place that was asked.
        doing: What was tried, such as `to read versions/00000001.json`.
        secrets: Texts that must not be shown.

    Raises:
        StorageError: The bucket, the rights or the settings are wrong.
        StorageUnavailableError: The store cannot be reached, or fails: another try may succeed.
    """
    from obstore.exceptions import BaseError

    try:
        yield
    except (BaseError, OSError, ValueError) as error:
        text = redact(" ".join(str(error).partition("Debug source")[0].split()), *secrets)[:_MOST]
        failure = _missing(address, error, text) or _failure(address, doing, type(error).__name__, text)
    else:
        return
    if isinstance(failure, StorageUnavailableError):
        raise failure from ConnectionError(text)  # what may pass is told by its cause
    raise failure from None


def _missing(address: StoreAddress, error: Exception, text: str) -> Exception | None:
    if _NO_BUCKET.search(text):
        return StorageError(
            "no_such_bucket",
            expected=f"the bucket of {address.bucket}",
            found="the store knows none of that name",
            remedy="create it, or correct the address",
            values={"bucket": address.bucket},
        )
    return FileNotFoundError(text) if isinstance(error, FileNotFoundError) else None


def _failure(address: StoreAddress, doing: str, kind: str, text: str) -> StorageError:
    found, error = f"{kind}: {text}", StorageError
    if _NO_CREDENTIALS.search(text):
        reason, found = "no_credentials", "no credentials in the environment, and this machine has none of its own"
        remedy = (
            "set them in the environment of the run, such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a "
            "block in credentials_block"
        )
    elif kind in ("PermissionDeniedError", "UnauthenticatedError") or _REFUSED.search(text):
        reason, remedy = "storage_refused", "check the credentials, their rights on the bucket, and the region"
    elif kind == "UnknownConfigurationKeyError" or _SETTINGS.search(text):
        reason, remedy = "storage_settings", "check the variables that configure the store"
    elif _MAY_PASS.search(text):
        reason, remedy = "storage_unavailable", "check the endpoint and the network, then run again"
        error = StorageUnavailableError
    else:
        reason, remedy = "storage_failed", "check address, region and endpoint"
    return error(
        reason, expected=f"to {doing} in {address}", found=found, remedy=remedy, values={"place": str(address)}
    )
