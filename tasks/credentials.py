"""Provide credentials from Prefect blocks while a stage or flow runs; they are never stored.

A block provides variables such as `AWS_SECRET_ACCESS_KEY`, which override those of the environment. A `Secret` block
contains them as a JSON object; credentials blocks of prefect-aws, prefect-gcp and prefect-azure are recognised by their
fields, so that none of these packages is needed here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from counterpoise.config import BalanceConfig
from counterpoise.errors import ConfigError
from counterpoise.storage import granted, is_remote

if TYPE_CHECKING:
    from prefect.blocks.core import Block

_FIELDS = {
    "aws_access_key_id": "AWS_ACCESS_KEY_ID",
    "aws_secret_access_key": "AWS_SECRET_ACCESS_KEY",
    "aws_session_token": "AWS_SESSION_TOKEN",
    "region_name": "AWS_REGION",
    "minio_root_user": "AWS_ACCESS_KEY_ID",
    "minio_root_password": "AWS_SECRET_ACCESS_KEY",
    "service_account_info": "GOOGLE_SERVICE_ACCOUNT_KEY",
    "service_account_file": "GOOGLE_SERVICE_ACCOUNT",
    "account_name": "AZURE_STORAGE_ACCOUNT_NAME",
    "account_key": "AZURE_STORAGE_ACCOUNT_KEY",
    "tenant_id": "AZURE_STORAGE_TENANT_ID",
    "client_id": "AZURE_STORAGE_CLIENT_ID",
    "client_secret": "AZURE_STORAGE_CLIENT_SECRET",
}


@contextmanager
def credentials_of(config: BalanceConfig | None, *, load: Callable[[str], Block] | None = None) -> Iterator[None]:
    """Provide the variables of the configuration's blocks, for its source and its root, in the block.

    Args:
        config: The configuration; nothing is provided for None or without blocks.
        load: Loads a block by type and name; Prefect's own function by default.

    Raises:
        ConfigError: There is no such block, or it contains nothing usable.
    """
    with ExitStack() as stack:
        for place, block in _places(config):
            stack.enter_context(granted(place, block_variables(block, load or _load)))
        yield


def _places(config: BalanceConfig | None) -> list[tuple[str, str]]:
    """Return the locations that need a block, with the block's name."""
    places = []
    if config is not None and config.source.credentials_block:
        places.append((_source_place(config), config.source.credentials_block))
    if config is not None and config.output.credentials_block:
        places.append((config.output.root, config.output.credentials_block))
    return places


def _source_place(config: BalanceConfig) -> str:
    from counterpoise.ingest import source_place

    path = config.source.path
    return source_place(path) if is_remote(path) else path or config.source.url.get_secret_value()


def block_variables(name: str, load: Callable[[str], Block]) -> dict[str, str]:
    """Return the variables in a block.

    Args:
        name: The block's type and name, such as `secret/bucket`.
        load: Loads a block.

    Raises:
        ConfigError: There is no such block, or it contains nothing usable.
    """
    try:
        block = load(name)
    except ValueError:  # its message may repeat the block's content
        raise _no_use(name, "no such block, or one that cannot be read") from None
    variables = _secret_object(block) or _known_fields(block)
    if not variables:
        raise _no_use(name, f"a {type(block).__name__} without any of these")
    return variables


def _load(name: str) -> Block:
    from prefect.blocks.core import Block

    block = Block.load(name, validate=False)
    if not isinstance(block, Block):
        raise _no_use(name, "a block that is loaded asynchronously")
    return block


def _secret_object(block: Any) -> dict[str, str]:
    """Return the variables of a `Secret` block whose value is a JSON object or its text."""
    value = _plain(getattr(block, "value", None))
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    return {str(key): str(text) for key, text in value.items()} if isinstance(value, Mapping) else {}


def _known_fields(block: Any) -> dict[str, str]:
    """Return the variables of a credentials block, including its endpoint if it has one."""
    client = getattr(block, "aws_client_parameters", None)
    values = [(variable, _plain(getattr(block, field, None))) for field, variable in _FIELDS.items()]
    values.append(("AWS_ENDPOINT_URL", getattr(client, "endpoint_url", None)))
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in values if value}


def _plain(value: Any) -> Any:
    if hasattr(value, "get_secret_value"):
        value = value.get_secret_value()
    return value.decode() if isinstance(value, bytes) else value


def _no_use(name: str, found: str) -> ConfigError:
    return ConfigError(
        "credentials_block",
        expected=f"credentials in the block {name!r}: a JSON object of variables in a Secret block, or a block with "
        "fields such as aws_access_key_id",
        found=found,
        remedy="save the block in Prefect, or correct credentials_block",
        values={"block": name},
    )
