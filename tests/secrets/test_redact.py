from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterpoise.secrets._redact import redact, redact_url

SECRET = "s3cr3t"  # noqa: S105  # to be found again


@pytest.mark.parametrize(
    "text",
    [
        f"postgresql://ann:{SECRET}@db/prod",
        f"postgresql+psycopg://ann:{SECRET}@db:5432/prod",
        f"postgresql://ann:{SECRET}@part@db/prod",
        f"postgresql://:{SECRET}@db/prod",
        f"postgresql://ann:a/{SECRET}@db/prod",
        f"sqlite:///file.db?password={SECRET}",
        f"sqlite:///file.db?next=file?password={SECRET}",
        f"postgresql://ann@db/prod?password=${{A}}{SECRET}",
        f"sqlite:///file.db?uri=true&sslPassword={SECRET}&x=1",
        f"could not connect: password={SECRET} host=db",
        f"Password: {SECRET}",
        f"{{'url': 'postgresql://ann:{SECRET}@db/prod'}}",
        f'{{"url":"postgresql://ann:{SECRET}@db/prod","api_key":"x"}}',
        f"https://bucket/x?X-Amz-Security-Token={SECRET}",
        f"two: mysql://a:b@h and postgresql://ann:{SECRET}@db",
        f"postgresql://ann%3A{SECRET}@db/prod",
        f"postgresql://ann@db/prod?ssl%70assword={SECRET}",
        f"postgresql://ann@db/prod?%2570assword={SECRET}",
        f"Driver=x;Server=db;PWD={SECRET};Database=y",
        f"mssql://db/prod;password={SECRET}",
        f"host=db user=ann password='it''s {SECRET}' dbname=x",
        f"host=db password = '{SECRET}",
        f"sslpassword={SECRET}",
        f"s3://bucket/x?X-Amz-Signature={SECRET}&X-Amz-Expires=9",
        f"s3://bucket/x?X-Amz-Credential={SECRET}/20261129/eu",
        f"https://account/x?sv=1&sig={SECRET}",
        f'{{"password": "{SECRET}", "user": "ann"}}',
        f'"{{\\"api_key\\": \\"{SECRET}\\"}}"',
        f"token => '{SECRET}'",
    ],
)
def test_a_secret_in_a_text_is_hidden(text: str) -> None:
    assert SECRET not in redact(text)
    assert "***" in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://ann:${PGPASSWORD}@db/prod?application_name=etl",
        "http://127.0.0.1:4200/api",
        "sqlite:////tmp/data.db?uri=true",
        "postgresql://ann@db/prod?sslkey=/etc/ssl/ann.key&sslpassword=${KEY_PASSWORD}",
        "no secret here, mail ann@example.org",
        "column 'key' = 3, author: Ann, tokens of a monkey=7",
        '{"k_neighbors": 3, "allow_minority": true}',
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


def test_given_secrets_are_hidden_wherever_they_stand() -> None:
    assert redact("login failed for xyzzy and xyzzy2", "xyzzy", "xyzzy2", "") == "login failed for *** and ***"


_WORD = st.text(st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=["Z", "C"]), min_size=6)


@given(_WORD.filter(lambda word: not word.startswith("${")))
def test_no_password_of_a_url_survives(password: str) -> None:
    hidden = redact_url(f"postgresql://ann:{password}@db/prod")
    assert hidden.startswith("postgresql://ann:***@db/prod")


@given(st.text())
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    assert redact(redact(text)) == redact(text)


def test_given_secrets_are_hidden_as_urls_and_python_write_them() -> None:
    given = "pa'ss/w\\rd @1"
    said = redact(f"{given!r} and pa%27ss%2Fw%5Crd%20%401 and {given}", given)
    assert said == '"***" and *** and ***'


LETTERS = 100_000
HOSTILE = ("?", "&", "a", "://", "a://a:", "://a:@", "password=", "password ", "password='", "?key", "%70", "passpass",
           "'", '"', "\\", "${", "a=", "a:", "=>", "a.", "x@y://z:", " ", "\n")  # fmt: skip


def seconds(text: str) -> float:
    """Return the processor time that redacting a text takes, whatever else the machine does."""
    begun = time.process_time()
    redact(text, "secret")
    return time.process_time() - begun


@pytest.mark.parametrize("unit", HOSTILE)
def test_a_hostile_text_takes_no_longer_than_its_length_asks_for(unit: str) -> None:
    """A pattern that looks twice from every place takes minutes for these."""
    assert seconds(unit * (LETTERS // len(unit))) < 5


@pytest.mark.slow
@settings(max_examples=40)
@given(st.lists(st.sampled_from(HOSTILE), min_size=1, max_size=4), st.sampled_from(HOSTILE))
def test_mixed_hostile_texts_take_no_longer_than_their_length_asks_for(units: list[str], last: str) -> None:
    unit = "".join(units)
    assert seconds(unit * (LETTERS // len(unit)) + last * 1_000) < 5
