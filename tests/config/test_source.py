"""Secrets of a source's URL are variables; written out they are refused, by the model and by the form alike."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.config import SourceConfig
from counterpoise.config._files import build_config, load_config
from counterpoise.errors import ConfigError
from counterpoise.flows.first_files import source_settings

SECRET = "hunter2-hunter2"  # noqa: S105  # to be found again
WRITTEN_OUT = (
    f"postgresql://ann:{SECRET}@db/prod",
    f"postgresql+psycopg://ann:{SECRET}@/prod?host=/run/postgresql",
    f"postgresql://:{SECRET}@db/prod",
    f"postgresql://ann:{SECRET}${{PGPASSWORD}}@db/prod",
    f"postgresql://ann:a/{SECRET}@db/prod",
    f"postgresql://ann:a b{SECRET}@db/prod",
    f"${{SCHEME}}://ann:{SECRET}@db/prod",
    f"mysql://ann@db/prod?passwd={SECRET}",
    f"postgresql://ann@db/prod?password={SECRET}",
    f"postgresql://ann@db/prod?application_name=etl&SSLPassword={SECRET}",
    f"postgresql://ann@db/prod?password=${{A}}&sslpassword={SECRET}",
    f"postgresql://ann@db/prod?password=${{A}}{SECRET}",
    f"postgresql://ann@db/prod?scram_client_key={SECRET}",
    f"postgresql://ann@db/prod?oauth_client_secret={SECRET}",
    f"sqlite:///file:shop.db?uri=true&password={SECRET}",
    f"postgresql://ann@db/prod?ssl%70assword={SECRET}",
    f"postgresql://ann@db/prod?%73slpassword={SECRET}",
    f"postgresql://ann@db/prod?ssl%2570assword={SECRET}",
    f"postgresql://ann@db/prod;password={SECRET}",
    f"postgresql://ann@db/prod?application_name=x;PASSWORD={SECRET}",
    f"postgresql://ann%3A{SECRET}@db/prod",
    f"postgresql://ann%3a{SECRET}@db/prod",
    f"https://bucket/x?X-Amz-Signature={SECRET}",
    f"https://bucket/x?X-Amz-Credential={SECRET}&X-Amz-Expires=9",
    f"https://account/x?sv=1&sig={SECRET}",
    f"postgresql://ann:${{PGPASSWORD}}@db,postgresql://ann:{SECRET}@db/prod",
)
ODD = (
    f"host=db password={SECRET}",
    f"host=db password = '{SECRET}'",
    f"Driver={{PostgreSQL}};Server=db;Uid=ann;Pwd={SECRET};",
    f"//ann:{SECRET}@db/prod",
    f"ann:{SECRET}@db/prod",
    f"mssql+pyodbc:///?odbc_connect=Driver%3DX%3BPWD%3D{SECRET}",
    f"postgresql://ann@db/prod?options=-c%20password%3D{SECRET}",
)
GOOD = (
    "postgresql://ann@db/prod",
    "postgresql:///prod?host=/run/postgresql",
    "postgresql://db:5432/prod",
    "postgresql://ann:${PGPASSWORD}@db:5432/prod",
    "postgresql://${PGUSER}:${PGPASSWORD}@${PGHOST}/prod",
    "postgresql://ann:@db/prod",
    "postgresql://ann@db/prod?password=${PGPASSWORD}&sslpassword=${KEY_PASSWORD}&application_name=etl",
    "postgresql://ann@db/prod?sslkey=/etc/ssl/ann.key&passfile=/run/secrets/pgpass&require_auth=scram-sha-256",
    "postgresql://ann@db/prod?password=",
    "sqlite:////srv/shop.db",
    "${DATABASE_URL}",
)


def form_takes(url: str) -> bool:
    pattern = SourceConfig.model_json_schema()["properties"]["url"]["pattern"]
    return re.search(pattern, url) is not None


@pytest.mark.parametrize("url", [*WRITTEN_OUT, *ODD])
def test_a_secret_that_is_written_out_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ConfigError, match=r"literal_secret.*\$\{PGPASSWORD\}.*credentials_block") as caught:
        SourceConfig(url=url, table="sales")
    error = caught.value
    assert error.expected
    assert error.found
    assert SECRET not in f"{error} {error.as_dict()} {error.__cause__!r} {error.__context__!r}"


@pytest.mark.parametrize("url", WRITTEN_OUT)
def test_the_form_refuses_the_same_urls(url: str) -> None:
    assert not form_takes(url)


@pytest.mark.parametrize("url", GOOD)
def test_variables_and_urls_without_a_secret_are_taken_by_model_and_form(url: str) -> None:
    assert form_takes(url)
    source = SourceConfig(url=url, table="sales")
    assert source.url.get_secret_value() == url
    assert source.model_dump(mode="json")["url"] == url
    assert SourceConfig.model_validate(source.model_dump(mode="json")) == source


@pytest.mark.slow
@given(st.text(st.characters(exclude_characters="@", exclude_categories=["C"]), min_size=12))
def test_no_password_is_taken_and_none_is_shown(password: str) -> None:
    with pytest.raises(ConfigError, match="literal_secret") as caught:
        SourceConfig(url=f"postgresql://ann:{password}@db/prod", table="sales")
    assert password not in str(caught.value)


def test_what_is_hidden_in_a_published_configuration_is_read_again() -> None:
    """Manifests of earlier versions show `***` where a password was."""
    url = "postgresql://ann:***@db/prod?sslpassword=***"
    assert SourceConfig(url=url, table="sales").model_dump(mode="json")["url"] == url
    assert not form_takes(url)


def settings_of(url: str) -> dict[str, Any]:
    return {"name": "x", "columns": {"target": "y"}, "source": {"url": url, "table": "t"}}


def test_every_way_to_a_configuration_refuses_it(tmp_path: Any) -> None:
    url = WRITTEN_OUT[0]
    good = settings_of(GOOD[3])
    file = tmp_path / "x.yaml"
    file.write_text(f"name: x\ncolumns: {{target: y}}\nsource: {{table: t, url: '{url}'}}\n")
    for attempt in (
        lambda: build_config(settings_of(url)),
        lambda: build_config(good, [f"source.url={url}"]),
        lambda: load_config(file),
        lambda: source_settings(url, table="t"),
    ):
        with pytest.raises(ConfigError, match="literal_secret") as caught:
            attempt()
        assert SECRET not in str(caught.value)
    assert build_config(good).source.table == "t"
