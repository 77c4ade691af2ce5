from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.core.redact import redact, redact_url

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
