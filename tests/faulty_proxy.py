"""An HTTP proxy that does to requests what networks and servers do: answers get lost, servers are busy, or ignorant."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

Fault = Literal["none", "lost answer", "busy", "conflict", "forgotten condition", "refused"]
Choose = Callable[[str, str], Fault]
"""Says what happens to a request, by its method and path."""

_ANSWERS: dict[Fault, tuple[int, bytes]] = {
    "busy": (503, b"<Error><Code>SlowDown</Code></Error>"),
    "conflict": (409, b"<Error><Code>ConditionalRequestConflict</Code></Error>"),
    "refused": (403, b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"),
}


@contextmanager
def faulty_proxy(endpoint: str, choose: Choose) -> Iterator[str]:
    """Start a proxy before a server on 127.0.0.1, give its address, and end it."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fault = choose(self.command, self.path)
            status, body, headers = self.ask(content, fault) if fault not in _ANSWERS else (*_ANSWERS[fault], [])
            if fault == "lost answer":
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in headers:
                if name.lower() not in ("transfer-encoding", "connection", "content-length", "date", "server"):
                    self.send_header(name, value)
            size = {name.lower(): value for name, value in headers}.get("content-length", "0")
            self.send_header("Content-Length", size if self.command == "HEAD" else str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer  # noqa: N815  # the names that the server looks for

        def ask(self, content: bytes, fault: Fault) -> tuple[int, bytes, list[tuple[str, str]]]:
            left_out = ("if-none-match",) if fault == "forgotten condition" else ()
            headers = {name: value for name, value in self.headers.items() if name.lower() not in left_out}
            connection = http.client.HTTPConnection(endpoint.removeprefix("http://"), timeout=30)
            try:
                connection.request(self.command, self.path, content, headers)
                answer = connection.getresponse()
                return answer.status, answer.read(), answer.getheaders()
            finally:
                connection.close()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
