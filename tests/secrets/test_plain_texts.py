"""Texts of a configuration are taken as they are: variables elsewhere than in source.url, and secrets, are refused."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

from counterpoise.config import BalanceConfig, build_config
from counterpoise.errors import ConfigError

SECRET = "hunter2-hunter2"  # noqa: S105  # to be found again
DATABASE = {"url": "postgresql://ann:${PGPASSWORD}@db/prod"}


def settings(**sections: Any) -> dict[str, Any]:
    return {"name": "x", "columns": {"target": "y"}, "source": {"path": "t.csv"}, **sections}


def query(text: str) -> dict[str, Any]:
    return settings(source={**DATABASE, "query": text})


def refused(mapping: dict[str, Any], reason: str) -> ConfigError:
    with pytest.raises(ConfigError, match=reason) as caught:
        build_config(mapping)
    error = caught.value
    assert SECRET not in f"{error} {error.as_dict()} {error.__cause__!r} {error.__context__!r}"
    return error


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("source.path", "/data/${DAY}.csv"),
        ("source.path", "s3://bucket/${DAY}/t.parquet"),
        ("output.root", "${ROOT}"),
        ("validation.suite", "${HOME}/x.suite.json"),
        ("engine.address", "${HOST}:8786"),
        ("resampling.options", '{"k": "${AWS_SECRET_ACCESS_KEY}"}'),
        ("split.salt", "${SALT}"),
    ],
)
def test_a_variable_is_refused_where_none_is_read(field: str, value: Any) -> None:
    section, name = field.split(".")
    mapping = settings()
    mapping[section] = {**mapping.get(section, {}), name: value}
    if field == "engine.address":
        mapping["engine"]["kind"] = "dask"
    error = refused(mapping, rf"variable_not_read.*{re.escape(field)}.*--set")
    assert error.values["field"] == field


@pytest.mark.parametrize("field", ["query", "since"])
def test_a_variable_is_refused_beside_a_url(field: str) -> None:
    source = {**DATABASE, "query": "SELECT '${DAY}' AS day"}
    if field == "since":
        source = {**DATABASE, "table": "t", "watermark": "day", "since": "${DAY}"}
    refused(settings(source=source, columns={"target": "y", "time": "day"}), rf"variable_not_read.*source\.{field}")


def test_names_and_values_of_the_data_are_texts_like_any_other() -> None:
    config = build_config(
        settings(
            columns={"target": "${y}", "drop": ["password=x"]},
            source={"path": "t.csv", "missing_values": ["${NA}"], "types": {"password": "string"}},
            validation={"drift_ignore": ["${z}"]},
            evaluation={"positive_class": "${p}"},
        )
    )
    assert (config.columns.target, config.source.missing_values) == ("${y}", ("${NA}",))
    assert BalanceConfig.model_validate(config.published()) == config


@pytest.mark.parametrize(
    "text",
    [
        f"SELECT * FROM t WHERE password = '{SECRET}'",
        f"SELECT * FROM t WHERE \"Password\"='{SECRET}'",
        f"SELECT * FROM t WHERE '{SECRET}' = password",
        f"SELECT * FROM t WHERE api_key IN ('{SECRET}')",
        f"SELECT * FROM t WHERE token LIKE E'{SECRET}'",
        f"SELECT * FROM dblink('host=db password={SECRET}', 'SELECT 1') AS t(a int)",
        f"SELECT * FROM dblink('host=db password=''{SECRET}''', 'SELECT 1') AS t(a int)",
        f"SELECT * FROM dblink($$host=db password={SECRET}$$, 'SELECT 1') AS t(a int)",
        f"SELECT * FROM dblink($c$host=db password={SECRET}$c$, 'SELECT 1') AS t(a int)",
        f"SELECT * FROM postgres_scan('postgresql://ann:{SECRET}@db/prod', 'public', 't')",
        f"SELECT * FROM read('s3://b/t?X-Amz-Signature={SECRET}')",
        f"SELECT * FROM s3(secret_access_key => '{SECRET}')",
        f"SELECT pgp_sym_decrypt(name, '{SECRET}') FROM t",
        f"SELECT 1 /* password={SECRET} */",
        f"SELECT 1 -- password: {SECRET}\n",
        f"ALTER ROLE ann PASSWORD '{SECRET}'",
    ],
)
def test_a_secret_in_a_query_is_refused_and_not_repeated(text: str) -> None:
    refused(query(text), r"literal_secret.*source\.query.*written out.*user mapping")


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM t WHERE password = other.password",
        "SELECT * FROM t WHERE password = '' OR password IS NULL OR token <> 'x'",
        "SELECT password, token AS label FROM t WHERE kind = 'password' AND password_changed = 'yes'",
        "SELECT * FROM t WHERE at >= '2026-01-01 10:00' AND name LIKE '%pass%' -- by day",
        "SELECT count(*) FROM t WHERE key = 'A' AND note = 'it''s'",
        "SELECT $1$x$1$, 'a:b' LIKE '%:%' FROM t",
    ],
)
def test_a_query_without_a_secret_is_taken(text: str) -> None:
    assert build_config(query(text)).source.query == text


@pytest.mark.parametrize(
    "sections",
    [
        {"source": {"path": f"s3://bucket/t.csv?X-Amz-Signature={SECRET}"}},
        {"source": {"path": f"s3://bucket/t.csv?X-Amz-%53ignature={SECRET}"}},
        {"source": {"path": f"s3://ann%3A{SECRET}@bucket/t.csv"}},
        {"source": {"path": f"s3://ann:{SECRET}@bucket/t.csv"}},
        {"output": {"root": f"az://container/x?sv=1&sig={SECRET}"}},
        {"validation": {"suite": f"https://ann:{SECRET}@host/x.json"}},
        {"resampling": {"options": {"password": SECRET}}},
        {"resampling": {"options": f'{{"api_key": "{SECRET}"}}'}},
        {"tournament": {"learners": [f'mine:Model {{"token": "{SECRET}"}}']}},
        {"source": {"path": "t.csv", "password": SECRET}},
        {"source": {"path": "t.csv", "credentials_block": SECRET}},
    ],
)
def test_a_secret_in_another_field_is_refused_and_not_repeated(sections: dict[str, Any]) -> None:
    refused(settings(**sections), "literal_secret|invalid_config")


@pytest.mark.parametrize("unit", ["'", "password ", "/*", "$a$", "--", "password='", "pgp_sym_decrypt(", "= "])
def test_a_hostile_query_is_looked_at_in_linear_time(unit: str) -> None:
    begun = time.process_time()
    try:
        build_config(query("SELECT " + unit * (100_000 // len(unit))))
    except ConfigError as error:
        assert error.reason == "literal_secret"  # noqa: PT017  # both answers are right; the time is what counts
    assert time.process_time() - begun < 5
