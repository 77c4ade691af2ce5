"""Files on the web: read only with the digest that the configuration names, and from where that is allowed."""

from __future__ import annotations

import gzip
import hashlib
import io
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from counterpoise.config import SourceConfig, build_section
from counterpoise.errors import ConfigError, InputError, StorageUnavailableError
from counterpoise.flows.first_files import source_settings
from counterpoise.ingest import _download as downloads
from counterpoise.ingest import identify_source
from tests.ingest.reading import Reading, ingest
from tests.ingest.web_server import Web, send, web_server

LINES = b"a,label\n1,x\n2,y\n"
DIGEST = hashlib.sha256(LINES).hexdigest()


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    monkeypatch.setenv("COUNTERPOISE_PRIVATE_HOSTS", "127.0.0.1")
    monkeypatch.setenv("COUNTERPOISE_STORE_TIMEOUT", "5")
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with web_server() as served:
        yield served


def read(url: str, folder: Path, **options: Any) -> Reading:
    return ingest(SourceConfig(path=url, **options), folder / "work")


def test_a_file_is_read_like_a_local_one(web: Web, tmp_path: Path) -> None:
    digest = web.has("/raw/t.csv", LINES)
    (tmp_path / "t.csv").write_bytes(LINES)
    there = read(web.url("/raw/t.csv"), tmp_path, sha256=digest)
    here = ingest(SourceConfig(path=str(tmp_path / "t.csv")), tmp_path / "here")
    assert there.table.equals(here.table)
    assert there.snapshot.digest == here.snapshot.digest
    assert not (tmp_path / "work" / "objects").exists(), "what was read as text is in the snapshot"


@pytest.mark.parametrize("name", ["t.parquet", "t.csv.gz", "t.jsonl", "my%20table.csv?version=2", ""])
def test_formats_are_found_by_name_or_content(web: Web, tmp_path: Path, name: str) -> None:
    content = {"t.jsonl": b'{"a": 1, "label": "x"}\n{"a": 2, "label": "y"}\n', "t.csv.gz": gzip.compress(LINES)}.get(
        name, LINES
    )
    if name == "t.parquet":
        buffer = io.BytesIO()
        pq.write_table(pa.table({"a": [1, 2], "label": ["x", "y"]}), buffer)
        content = buffer.getvalue()
    digest = web.has(f"/{name.partition('?')[0]}", content)
    assert read(web.url(f"/{name}"), tmp_path, sha256=digest).column("a") == [1, 2]


def test_without_a_digest_a_file_is_refused_with_it_and_the_remedy_works(web: Web, tmp_path: Path) -> None:
    web.has("/t.csv", LINES)
    with pytest.raises(ConfigError, match=rf"digest_not_pinned.*set source\.sha256 to {DIGEST}"):
        read(web.url("/t.csv"), tmp_path)
    assert read(web.url("/t.csv"), tmp_path, sha256=DIGEST).column("a") == [1, 2]


def test_another_content_is_refused(web: Web, tmp_path: Path) -> None:
    found = web.has("/t.csv", LINES + b"3,x\n")
    with pytest.raises(InputError, match=rf"other_content.*{DIGEST}.*{found}"):
        read(web.url("/t.csv"), tmp_path, sha256=DIGEST)


def test_an_unchanged_source_is_known_without_asking(web: Web, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(LINES)
    here = identify_source(SourceConfig(path=str(tmp_path / "t.csv")))
    assert identify_source(SourceConfig(path=web.url("/t.csv"), sha256=DIGEST)) == here
    assert not web.asked


def test_no_credentials_and_no_compression_are_sent(web: Web, tmp_path: Path) -> None:
    read(web.url("/t.csv"), tmp_path, sha256=web.has("/t.csv", LINES))
    (headers,) = web.headers
    assert headers["Accept-Encoding"] == "identity"
    assert not {"Authorization", "Cookie"} & headers.keys()


def test_a_redirect_is_followed(web: Web, tmp_path: Path) -> None:
    digest = web.has("/now.csv", LINES)
    web.redirects("/t.csv", "/now.csv")
    assert read(web.url("/t.csv"), tmp_path, sha256=digest).column("a") == [1, 2]


@pytest.mark.parametrize(
    "to", ["file:///etc/hostname", "ftp://127.0.0.1/x", "http://ann:pa55word@127.0.0.1/x", "/t.csv"]
)
def test_a_redirect_elsewhere_or_in_a_circle_is_refused(web: Web, tmp_path: Path, to: str) -> None:
    web.redirects("/t.csv", to)
    with pytest.raises(InputError, match=r"download_refused") as caught:
        read(web.url("/t.csv"), tmp_path, sha256=DIGEST)
    assert "pa55word" not in str(caught.value.as_dict())


def test_a_redirect_from_https_to_http_is_refused() -> None:
    with pytest.raises(InputError, match=r"a redirect to http://other\.example"):
        downloads._next("https://host.example/t.csv", "http://other.example/t.csv")
    assert downloads._next("https://host.example/t.csv", "https://other.example/t.csv")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "10.0.0.1", "169.254.169.254", "192.168.1.1", "[::]", "[::ffff:10.0.0.1]"],
)
def test_a_private_address_is_not_asked(web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("COUNTERPOISE_PRIVATE_HOSTS", "files.example")
    with pytest.raises(InputError, match=r"private_address.*COUNTERPOISE_PRIVATE_HOSTS"):
        read(web.url("/t.csv", host), tmp_path, sha256=DIGEST)
    assert not web.asked


def test_a_redirect_to_a_private_address_is_not_followed(web: Web, tmp_path: Path) -> None:
    web.redirects("/t.csv", f"http://localhost:{web.port}/secret")
    with pytest.raises(InputError, match="private_address"):
        read(web.url("/t.csv"), tmp_path, sha256=DIGEST)
    assert web.asked == ["/t.csv"]


def test_a_name_that_changes_its_address_after_it_was_checked_is_refused(
    web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a server of names does that wants to be asked twice."""
    web.has("/t.csv", LINES)
    real, answers = socket.getaddrinfo, iter(["93.184.215.14"])

    def first_public(host: Any, *args: Any, **options: Any) -> Any:
        if host not in ("files.example", b"files.example"):
            return real(host, *args, **options)
        return real(next(answers, "127.0.0.1"), *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", first_public)
    with pytest.raises(InputError, match=r"private_address.*files\.example, which is 127\.0\.0\.1"):
        read(web.url("/t.csv", "files.example"), tmp_path, sha256=DIGEST)


def test_a_busy_server_is_asked_again(web: Web, tmp_path: Path) -> None:
    answers = iter([503, 429, 200])
    web.answers["/t.csv"] = lambda handler: send(handler, LINES, status=next(answers))
    assert read(web.url("/t.csv"), tmp_path, sha256=DIGEST).column("a") == [1, 2]


def test_a_file_that_is_cut_off_is_fetched_again(web: Web, tmp_path: Path) -> None:
    shown = iter([LINES[:5], LINES])

    def answer(handler: Any) -> None:
        send(handler, next(shown), Content_Length=str(len(LINES)))
        handler.close_connection = True

    web.answers["/t.csv"] = answer
    assert read(web.url("/t.csv"), tmp_path, sha256=DIGEST).column("a") == [1, 2]


def test_a_server_that_fails_is_named_and_may_be_tried_again(
    tmp_path: Path, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTERPOISE_STORE_TIMEOUT", "0.5")
    web.answers["/t.csv"] = lambda handler: send(handler, b"", status=500)
    with pytest.raises(StorageUnavailableError, match=r"download_unavailable.*status 500"):
        read(web.url("/t.csv"), tmp_path, sha256=DIGEST)


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_refusal_is_named_and_not_repeated(web: Web, tmp_path: Path, status: int) -> None:
    web.answers["/t.csv"] = lambda handler: send(handler, b"no", status=status)
    with pytest.raises(InputError, match=rf"download_refused.*status {status}"):
        read(web.url("/t.csv"), tmp_path, sha256=DIGEST)
    assert len(web.asked) == 1


@pytest.mark.parametrize("said", [True, False])
def test_a_file_that_is_too_large_is_refused(
    web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: bool
) -> None:
    monkeypatch.setattr(downloads, "_MOST_BYTES", 1 << 20)

    def answer(handler: Any) -> None:
        handler.send_response(200)
        if said:
            handler.send_header("Content-Length", str(1 << 40))
        handler.end_headers()
        for _ in range(32):
            handler.wfile.write(b"x" * (1 << 20))

    def quiet(handler: Any) -> None:
        try:
            answer(handler)
        except ConnectionError:
            handler.close_connection = True

    web.answers["/t.csv"] = quiet
    with pytest.raises(InputError, match="download_too_large"):
        read(web.url("/t.csv"), tmp_path, sha256=DIGEST)


def test_a_page_is_named_for_what_it_is(web: Web, tmp_path: Path) -> None:
    digest = web.has("/t.csv", b"<!DOCTYPE html><html><body>Log in</body></html>")
    with pytest.raises(InputError, match=r"unsupported_format.*an HTML or XML page"):
        read(web.url("/t.csv"), tmp_path, sha256=digest)


@pytest.mark.parametrize(
    "address",
    [
        "https://ann:pa55word@host.example/t.csv", "https://host.example/t.csv?token=abc",
        "https://host.example/t.csv?X-Amz-Signature=abc", "https://host.example/t.csv?sig=abc", "https://", "https:///t.csv",
        "http://host.example:port/t.csv",
    ],
)  # fmt: skip
def test_an_address_with_credentials_or_without_a_host_is_refused(address: str) -> None:
    with pytest.raises(ConfigError, match=r"source|literal_secret") as caught:
        source_settings(address)
    assert "pa55word" not in str(caught.value.as_dict())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"path": "t.csv", "sha256": DIGEST}, "sha256 needs a path that begins with https"),
        ({"path": "https://host.example/t.csv", "sha256": "abc"}, "sha256"),
        ({"path": "https://host.example/t.csv", "credentials_block": "secret/x"}, "read without credentials"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build_section(SourceConfig, settings, name="source")


def test_versions_are_not_published_to_the_web() -> None:
    from counterpoise.config import OutputConfig

    with pytest.raises(ConfigError, match=r"output\.root.*the scheme is not one of s3"):
        build_section(OutputConfig, {"root": "https://host.example/datasets"}, name="output")
