"""The companion's own process: `python -m counterpoise.runtime._companion_process LINK PATH MODULE PREPARE`."""

from __future__ import annotations

import importlib
import json
import logging
import os
import queue
import signal
import sys
import threading
import traceback
from multiprocessing.connection import Connection
from typing import Any

from counterpoise.runtime._executor import start_thread


def main() -> None:
    """Prepare, then answer one call after another until the first process is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process ends this one
    number, path, module, prepare = sys.argv[1:]
    sys.path[:] = json.loads(path)
    link = _Link(Connection(int(number)))
    logging.getLogger("counterpoise").setLevel(logging.INFO)
    logging.getLogger().addHandler(_ToFirstProcess(link))
    getattr(importlib.import_module(module), prepare)()
    while True:
        link.answer_call()


class _Link:
    """The connection to the first process, for several threads."""

    def __init__(self, connection: Connection) -> None:
        self._connection, self._lock = connection, threading.Lock()
        self._calls = queue.SimpleQueue[Any]()
        start_thread(self._receive, name="calls")

    def send(self, kind: str, content: object) -> None:
        with self._lock:
            self._connection.send((kind, content))

    def answer_call(self) -> None:
        """Wait for a call and answer it."""
        function, arguments, shown = self._calls.get()
        named = {"progress": self._progress} if shown else {}
        try:
            answer = function(*arguments, **named)
        except BaseException as error:  # noqa: BLE001  # the first process raises it
            error.add_note(f"In the companion process:\n{traceback.format_exc()}")
            self.send("error", error)
        else:
            self.send("result", answer)

    def _progress(self, done: int, total: int) -> None:
        self.send("progress", (done, total))

    def _receive(self) -> None:
        try:
            while True:
                self._calls.put(self._connection.recv())
        finally:
            os._exit(0)  # the first process is gone


class _ToFirstProcess(logging.Handler):
    def __init__(self, link: _Link) -> None:
        super().__init__()
        self._link = link

    def emit(self, record: logging.LogRecord) -> None:
        record.msg, record.args, record.exc_info = record.getMessage(), None, None
        self._link.send("log", record)


if __name__ == "__main__":
    main()
