"""Translate an object store's failures into errors that say what to do and whether a retry may help."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from counterpoise.errors import CounterpoiseError, MissingObjectError, StorageError, StorageUnavailableError
from counterpoise.secrets import redact
from counterpoise.storage._address import StoreAddress

_NO_BUCKET = re.compile(r"NoSuchBucket|ContainerNotFound|bucket (does not exist|not found)", re.IGNORECASE)
_NO_CREDENTIALS = re.compile(r"169\.254\.|metadata\.google|latest/(api|meta-data)", re.IGNORECASE)
_MEANINGS = (
    (
        "wrong_region",
        (
            r"incorrectly configured region|PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraint"
            r"|status code: 30[178]"
        ),
        "set AWS_REGION to the region of the bucket",
    ),
    (
        "storage_refused",
        (
            r"PermissionDeniedError|UnauthenticatedError|status code: 40[13]\b|AccessDenied|InvalidAccessKeyId"
            r"|SignatureDoesNotMatch|Unauthorized|Forbidden|(Expired|Invalid)Token|RequestTimeTooSkewed"
        ),
        "check the credentials, their permissions on the bucket, and the region",
    ),
    (
        "storage_settings",
        (
            r"UnknownConfigurationKeyError|must be specified|builder error|Configuration key|Unable to (parse|decode)"
            r"|invalid URL"
        ),
        "check the variables that configure the store",
    ),
    (
        "storage_unsupported",
        r"NotSupportedError|status code: 501\b|NotImplemented",
        "use a store that supports the request, such as S3, Google Cloud Storage, Azure or current MinIO",
    ),
    (
        "storage_full",
        r"status code: 507\b|StorageFull|QuotaExceeded|InsufficientStorage",
        "free space in the store or raise its quota, then run again",
    ),
    (
        "storage_unavailable",
        (
            r"status code: (5\d\d|429|408|409|412)"
            r"|(?i:error sending request|timed? ?out|connection|response body|\bdns\b)"
            r"|RequestTimeout|IncompleteBody|BadDigest|SHA256Mismatch|SlowDown|InternalError|NoSuchUpload|InvalidPart"
        ),
        "check the endpoint and the network, then run again",
    ),
    ("storage_failed", r"status code: 4\d\d", "check address, region and endpoint"),
    (
        "storage_answer",
        "",
        "run again; if it persists, check that the endpoint speaks the store's protocol, and check any proxy before it",
    ),
)
"""Reason code, pattern of the store's message, and remedy; the first match counts, and the last one always matches."""
_TRANSIENT = ("storage_unavailable", "storage_answer")
_MOST = 400


@contextmanager
def translated_failures(address: StoreAddress, action: str, secrets: Collection[str] = ()) -> Iterator[None]:
    """Turn obstore's errors into ours; the error for a missing object is also a `FileNotFoundError`.

    Args:
        address: The place that was accessed.
        action: The attempted action, such as `read versions/00000001.json`.
        secrets: Texts that must not be shown.

    Raises:
        StorageError: The bucket, the permissions or the settings are wrong.
        StorageUnavailableError: The store is unreachable, fails or gives an invalid answer; a retry may succeed.
    """
    from obstore.exceptions import BaseError

    try:
        yield
    except CounterpoiseError:  # already translated
        raise
    except (BaseError, OSError, ValueError) as error:
        text = redact(" ".join(str(error).partition("Debug source")[0].split()), *secrets)
        failure = _missing(address, action, error, text) or _failure(address, action, type(error).__name__, text)
    else:
        return
    if isinstance(failure, StorageUnavailableError):
        raise failure from ConnectionError(text[:_MOST])  # the cause marks the failure as transient
    raise failure from None


def _server_message(text: str) -> str:
    """Return the server's own message, without the requested names."""
    _, separator, message = text.rpartition("Server returned")
    return message if separator else text


def _missing(address: StoreAddress, action: str, error: Exception, text: str) -> StorageError | None:
    if _NO_BUCKET.search(_server_message(text)):
        return StorageError(
            "no_such_bucket",
            expected=f"the bucket of {address.bucket}",
            found="the store has no bucket of that name",
            remedy="create it, or correct the address",
            values={"bucket": address.bucket},
        )
    if not isinstance(error, FileNotFoundError) or "NoSuchUpload" in text:
        return None
    return missing_object(str(address), action)


def missing_object(place: str, action: str, found: str = "no object of that name") -> MissingObjectError:
    """Return the error for a missing object."""
    return MissingObjectError(
        "missing_object",
        expected=f"to {action} in {place}",
        found=found,
        remedy="run again; if it persists, restore the object from a backup",
        values={"place": place},
    )


def _failure(address: StoreAddress, action: str, kind: str, text: str) -> StorageError:
    reason, remedy = _meaning(f"{kind}: {_server_message(text)}")
    found = f"{kind}: {text[:_MOST]}"
    if _NO_CREDENTIALS.search(text):
        reason, found = "no_credentials", "no credentials in the environment or from this machine"
        remedy = (
            "set them in the environment of the run, such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or set "
            "credentials_block to a block"
        )
    error = StorageUnavailableError if reason in _TRANSIENT else StorageError
    return error(
        reason, expected=f"to {action} in {address}", found=found, remedy=remedy, values={"place": str(address)}
    )


def _meaning(message: str) -> tuple[str, str]:
    """Return the reason code and the remedy for a failure."""
    return next((reason, remedy) for reason, pattern, remedy in _MEANINGS if re.search(pattern, message))
