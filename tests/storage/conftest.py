from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from counterpoise.storage import _client as client
from counterpoise.storage import _objects as objects
from counterpoise.storage._attempts import Patience


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Stores are asked again at once, and nothing is known of them from other tests."""
    backoff = {"init_backoff": timedelta(milliseconds=5), "max_backoff": timedelta(milliseconds=20), "base": 2}
    monkeypatch.setattr(client, "_RETRIES", {"max_retries": 2, "backoff": backoff})
    monkeypatch.setattr(objects.ObjectStore, "_patience", lambda *_, **__: Patience(first=0.02, longest=0.1))
    monkeypatch.setattr(objects, "_CHECKED_PLACES", set())
    client._client.cache_clear()
    yield
    client._client.cache_clear()
