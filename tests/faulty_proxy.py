"""An HTTP proxy that does to requests what networks and servers do: answers get lost, servers are busy, or ignorant."""

from __future__ import annotations

import http.client
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal, get_args

Fault = Literal[
    "none",
    "lost answer",
    "cut off before",
    "error",
    "error, but done",
    "busy",
    "conflict",
    "precondition",
    "short body",
    "short body, told so",
    "flipped",
    "slow",
    "never answers",
    "stale list",
    "forgotten condition",
    "unknown condition",
    "refused",
    "read only",
    "wrong region",
    "odd answer",
]
Choose = Callable[[str, str], Fault]
"""Says what happens to a request, by its method and path."""

_LASTING = ("none", "forgotten condition", "unknown condition", "refused", "read only", "wrong region")
PASSING: tuple[Fault, ...] = tuple(fault for fault in get_args(Fault) if fault not in _LASTING)
"""Faults that may happen once, and then not again."""

_SECONDS_OF_SLOWNESS = 0.3
_SECONDS_BETWEEN_POLLS = 0.01
"""How often a proxy looks whether it is to end: hundreds of them are ended, and each is waited for."""
_REGION = b"<Error><Code>AuthorizationHeaderMalformed</Code><Message>the region is wrong</Message></Error>"
_ANSWERS: dict[Fault, tuple[int, bytes]] = {
    "error": (500, b"<Error><Code>InternalError</Code></Error>"),
    "busy": (503, b"<Error><Code>SlowDown</Code></Error>"),
    "conflict": (409, b"<Error><Code>ConditionalRequestConflict</Code></Error>"),
    "precondition": (412, b"<Error><Code>PreconditionFailed</Code></Error>"),
    "refused": (403, b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"),
    "wrong region": (400, _REGION),
    "odd answer": (200, b"<html>Welcome to the guest network</html>"),
}
_NOT_PASSED_ON = ("transfer-encoding", "connection", "content-length", "date", "server")

Answer = tuple[int, bytes, list[tuple[str, str]]]


@dataclass
class Calls:
    """Requests in the order that they came, and what happens to them.

    Attributes:
        fault: What happens.
        first: The number of the first request that it happens to, from 1.
        last: The number of the last one.
        seen: The methods and paths of all requests.
    """

    fault: Fault = "none"
    first: int = 0
    last: int = 0
    seen: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, method: str, path: str) -> Fault:
        with self.lock:
            self.seen.append(f"{method} {path}")
            return self.fault if self.first <= len(self.seen) <= self.last else "none"


@contextmanager
def faulty_proxy(endpoint: str, choose: Choose) -> Iterator[str]:
    """Start a proxy before a server on 127.0.0.1, give its address, and end it."""
    server = _Server(endpoint, choose)
    thread = threading.Thread(target=server.serve_forever, args=(_SECONDS_BETWEEN_POLLS,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.ended.set()
        server.shutdown()
        server.server_close()
        thread.join(10)


class _Server(ThreadingHTTPServer):
    """A server that passes requests on, and whose clients may hang up."""

    daemon_threads = True

    def __init__(self, endpoint: str, choose: Choose) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behind, self.choose, self.ended = endpoint.removeprefix("http://"), choose, threading.Event()

    def handle_error(self, *_: object) -> None:
        return


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def answer(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.meant(self.server.choose(self.command, self.path))
        if fault in ("cut off before", "never answers"):
            self.server.ended.wait(0 if fault == "cut off before" else None)
            self.close_connection = True
            return
        self.server.ended.wait(_SECONDS_OF_SLOWNESS if fault == "slow" else 0)
        answer = (*_ANSWERS[fault], []) if fault in _ANSWERS else self.ask(content, fault)
        if fault == "lost answer":
            self.close_connection = True
        else:
            self.tell((*_ANSWERS["error"], []) if fault == "error, but done" else answer, fault)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer  # noqa: N815  # the names that the server looks for

    def meant(self, fault: Fault) -> Fault:
        """Return the fault as it hits this request: who may only read is refused what changes anything."""
        if fault == "read only":
            return "none" if self.command in ("GET", "HEAD") else "refused"
        return fault

    def ask(self, content: bytes, fault: Fault) -> Answer:
        if fault == "unknown condition" and self.headers.get("If-None-Match"):
            return 501, b"<Error><Code>NotImplemented</Code></Error>", []
        left_out = ("if-none-match",) if fault == "forgotten condition" else ()
        headers = {name: value for name, value in self.headers.items() if name.lower() not in left_out}
        connection = http.client.HTTPConnection(self.server.behind, timeout=30)
        try:
            connection.request(self.command, self.path, content, headers)
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.getheaders()
        finally:
            connection.close()

    def tell(self, answer: Answer, fault: Fault) -> None:
        status, content, headers = answer
        body = _spoilt(content, fault)
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in _NOT_PASSED_ON:
                self.send_header(name, value)
        size = {name.lower(): value for name, value in headers}.get("content-length", "0")
        self.send_header("Content-Length", size if self.command == "HEAD" else str(len(body)))
        self.end_headers()
        if fault == "short body":
            self.close_connection = True
            body = body[: len(body) // 2]
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


def _spoilt(body: bytes, fault: Fault) -> bytes:
    """Return what is left of an answer's body."""
    if fault == "short body, told so":
        return body[: len(body) // 2]
    if fault == "flipped" and body:
        place = len(body) // 2
        return body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
    if fault == "stale list" and b"<ListBucketResult" in body:
        entries = list(re.finditer(rb"<Contents>.*?</Contents>", body, re.DOTALL))
        return body[: entries[-1].start()] + body[entries[-1].end() :] if entries else body
    return body
