"""What an object store's refusals mean: for the reader of an error, and for whoever decides on another try."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from counterpoise.errors import CounterpoiseError, MissingObjectError, StorageError, StorageUnavailableError
from counterpoise.secrets import redact
from counterpoise.storage._address import StoreAddress

__all__ = ["missing_object", "told_failures"]

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
        "check the credentials, their rights on the bucket, and the region",
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
        "use a store that knows what was asked, as S3, Google Cloud Storage, Azure and current MinIO do",
    ),
    (
        "storage_full",
        r"status code: 507\b|StorageFull|QuotaExceeded|InsufficientStorage",
        "make room in the store or raise its quota, then run again",
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
        "run again; if it stays so, check that the endpoint is one of the store's protocol and what lies before it",
    ),
)
"""Reason codes, what the store then says, and what to do: the first that applies counts; the last always does."""
_MAY_HAVE_PASSED = ("storage_unavailable", "storage_answer")
_MOST = 400


@contextmanager
def told_failures(address: StoreAddress, doing: str, secrets: Collection[str] = ()) -> Iterator[None]:
    """Turn the library's errors into ours; that of an object that is not there is a `FileNotFoundError`, too.

    Args:
        address: The place that was asked.
        doing: What was tried, such as `to read versions/00000001.json`.
        secrets: Texts that must not be shown.

    Raises:
        StorageError: The bucket, the rights or the settings are wrong.
        StorageUnavailableError: The store cannot be reached, fails, or gives an answer that makes no sense: another
            try may succeed.
    """
    from obstore.exceptions import BaseError

    try:
        yield
    except CounterpoiseError:  # told already
        raise
    except (BaseError, OSError, ValueError) as error:
        text = redact(" ".join(str(error).partition("Debug source")[0].split()), *secrets)
        failure = _missing(address, doing, error, text) or _failure(address, doing, type(error).__name__, text)
    else:
        return
    if isinstance(failure, StorageUnavailableError):
        raise failure from ConnectionError(text[:_MOST])  # what may pass is told by its cause
    raise failure from None


def _said(text: str) -> str:
    """Return what the store itself has said, without the names that it was asked for."""
    _, sign, said = text.rpartition("Server returned")
    return said if sign else text


def _missing(address: StoreAddress, doing: str, error: Exception, text: str) -> StorageError | None:
    if _NO_BUCKET.search(_said(text)):
        return StorageError(
            "no_such_bucket",
            expected=f"the bucket of {address.bucket}",
            found="the store knows none of that name",
            remedy="create it, or correct the address",
            values={"bucket": address.bucket},
        )
    if not isinstance(error, FileNotFoundError) or "NoSuchUpload" in text:
        return None
    return missing_object(str(address), doing)


def missing_object(place: str, doing: str, found: str = "no object of that name") -> MissingObjectError:
    """Return the error of an object that is not where it must be."""
    return MissingObjectError(
        "missing_object",
        expected=f"to {doing} in {place}",
        found=found,
        remedy="run again; if it stays so, restore the object from a backup",
        values={"place": place},
    )


def _failure(address: StoreAddress, doing: str, kind: str, text: str) -> StorageError:
    reason, remedy = _meaning(f"{kind}: {_said(text)}")
    found = f"{kind}: {text[:_MOST]}"
    if _NO_CREDENTIALS.search(text):
        reason, found = "no_credentials", "no credentials in the environment, and this machine has none of its own"
        remedy = (
            "set them in the environment of the run, such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a "
            "block in credentials_block"
        )
    error = StorageUnavailableError if reason in _MAY_HAVE_PASSED else StorageError
    return error(
        reason, expected=f"to {doing} in {address}", found=found, remedy=remedy, values={"place": str(address)}
    )


def _meaning(said: str) -> tuple[str, str]:
    """Return the reason code of a failure and what to do about it."""
    return next((reason, remedy) for reason, pattern, remedy in _MEANINGS if re.search(pattern, said))
