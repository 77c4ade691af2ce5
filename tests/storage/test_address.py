"""Addresses of object stores, apart from paths and without credentials."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.config import BalanceConfig, build_config
from counterpoise.errors import ConfigError
from counterpoise.persist import DatasetFolder, parse_address, run_key
from counterpoise.storage._address import is_remote, join_address, parse_store_address

STEPS = st.lists(st.from_regex(r"[A-Za-z0-9_ =äü-]{1,12}", fullmatch=True), max_size=4)


def config_of(**sections: object) -> BalanceConfig:
    return build_config({"name": "x", "source": {"path": "t.csv"}, "columns": {"target": "label"}, **sections})


@given(STEPS, STEPS)
def test_joined_addresses_come_apart_again(root: list[str], names: list[str]) -> None:
    address = "/".join(["s3://bucket", *root])
    joined = join_address(address, *names)
    assert parse_store_address(joined).prefix == "/".join([*root, *names])
    assert is_remote(joined)


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("s3://bucket/datasets/fraud@7", ("s3://bucket/datasets", "fraud", 7)),
        ("s3://bucket/fraud@promoted", ("s3://bucket", "fraud", "promoted")),
        (
            "abfss://box@account.dfs.core.windows.net/d/fraud",
            ("abfss://box@account.dfs.core.windows.net/d", "fraud", None),
        ),
        (Path("gs://bucket/datasets/fraud"), ("gs://bucket/datasets", "fraud", None)),
    ],
)
def test_an_address_of_a_version_has_a_root_and_a_name(address: str | Path, parts: tuple[object, ...]) -> None:
    assert parse_address(address) == parts


def test_a_path_is_no_address_of_a_store() -> None:
    paths: list[str | Path] = ["datasets", "/data/s3", "./a:b", Path("x/y")]
    assert not any(map(is_remote, paths))
    assert join_address("datasets", "fraud") == "datasets/fraud"


def test_a_dataset_in_a_store_has_no_folder_on_this_machine() -> None:
    folder = DatasetFolder("s3://bucket/datasets", "fraud")
    assert (folder.root, folder.address) == ("s3://bucket/datasets", "s3://bucket/datasets/fraud")
    with pytest.raises(ConfigError, match=r"not_local.*s3://bucket/datasets/fraud"):
        _ = folder.path


@pytest.mark.parametrize(
    "sections",
    [
        {"source": {"path": "s3://key:hidden-word@bucket/x"}},
        {"source": {"path": "az://box/x?sig=hidden-word"}},
        {"output": {"root": "s3://key:hidden-word@bucket"}},
        {"output": {"root": "https://bucket.example/x?X-Amz-Signature=hidden-word"}},
    ],
)
def test_a_configuration_takes_no_credentials_in_addresses(sections: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=r"credentials do not belong|the scheme is not one of") as caught:
        config_of(**sections)
    assert "hidden-word" not in str(caught.value.as_dict())


def test_where_a_dataset_lies_and_whose_keys_open_it_are_no_part_of_the_run_key() -> None:
    here = config_of()
    there = config_of(
        source={"path": "s3://bucket/t.csv", "credentials_block": "secret/a"},
        output={"root": "s3://bucket/datasets", "credentials_block": "secret/b"},
    )
    assert run_key(here, "digest") == run_key(there, "digest")
