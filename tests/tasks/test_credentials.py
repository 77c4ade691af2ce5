"""Credentials of Prefect blocks reach the store, and nothing else."""

from __future__ import annotations

import json
import os
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.blocks.system import Secret
from pydantic import SecretStr

from counterpoise.config import BalanceConfig
from counterpoise.errors import ConfigError, StorageError
from counterpoise.ingest._sql.database_url import database_url
from counterpoise.storage import store_at, variables_for
from counterpoise.storage._client import granted_variables
from counterpoise.tasks.credentials import block_variables, credentials_of
from tests.object_store import SECRET

KEYS = {"AWS_ACCESS_KEY_ID": "of-a-block", "AWS_SECRET_ACCESS_KEY": SECRET}


def config_of(**sections: Any) -> BalanceConfig:
    settings = {"name": "x", "source": {"path": "t.csv"}, "columns": {"target": "label"}, **sections}
    return BalanceConfig.model_validate(settings)


@pytest.mark.parametrize("value", [KEYS, json.dumps(KEYS)])
def test_a_secret_block_holds_variables(value: Any) -> None:
    assert block_variables("secret/bucket", lambda _: Secret(value=value)) == KEYS


def test_credentials_blocks_are_known_by_their_fields() -> None:
    aws: Any = SimpleNamespace(
        aws_access_key_id="of-a-block",
        aws_secret_access_key=SecretStr(SECRET),
        aws_session_token=None,
        region_name="eu-central-1",
        aws_client_parameters=SimpleNamespace(endpoint_url="https://minio.example"),
    )
    expected = {**KEYS, "AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL": "https://minio.example"}
    assert block_variables("aws-credentials/mine", lambda _: aws) == expected
    google: Any = SimpleNamespace(service_account_info=SecretStr('{"type": "service_account"}'))
    assert block_variables("gcp-credentials/mine", lambda _: google) == {
        "GOOGLE_SERVICE_ACCOUNT_KEY": '{"type": "service_account"}'
    }


def test_a_block_without_credentials_is_told_without_its_content() -> None:
    with pytest.raises(ConfigError, match=r"credentials_block.*a Secret without") as caught:
        block_variables("secret/word", lambda _: Secret(value=SECRET))
    assert SECRET not in str(caught.value.as_dict())


def test_what_was_granted_holds_for_its_place_and_while_it_is_needed() -> None:
    config = config_of(
        source={"path": "s3://raw/x/t-*.csv", "credentials_block": "secret/reader"},
        output={"root": "s3://out/datasets", "credentials_block": "secret/writer"},
    )
    blocks: Any = {"secret/reader": Secret(value={"AWS_ACCESS_KEY_ID": "reader"}), "secret/writer": Secret(value=KEYS)}
    with credentials_of(config, load=blocks.__getitem__):
        assert granted_variables("s3://raw/x") == {"AWS_ACCESS_KEY_ID": "reader"}
        assert granted_variables("s3://out/datasets/fraud") == KEYS
        assert granted_variables("s3://out/datasets-of-others") == {}
        assert "AWS_ACCESS_KEY_ID" not in os.environ or os.environ["AWS_ACCESS_KEY_ID"] != "of-a-block"
    assert granted_variables("s3://out/datasets/fraud") == {}


def test_a_block_stands_in_for_variables_of_a_databases_url() -> None:
    url = "postgresql://ann:${SHOP_PASSWORD}@db/shop"
    config = config_of(source={"url": url, "table": "sales", "credentials_block": "secret/shop"})
    with credentials_of(config, load=lambda _: Secret(value={"SHOP_PASSWORD": SECRET})):
        assert database_url(url, variables_for(url)).url.password == SECRET


def test_a_blocks_keys_reach_the_bucket_without_those_of_the_environment(
    bucket: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", "http://127.0.0.1:9/latest/api")
    config = config_of(output={"root": bucket, "credentials_block": "secret/bucket"})
    with credentials_of(config, load=lambda _: Secret(value=KEYS)):
        store = store_at(f"{bucket}/x")
        assert store.create("a", b"1")
        assert store.read("a") == b"1"
    with pytest.raises(StorageError, match="no_credentials"):
        store.read("a")
