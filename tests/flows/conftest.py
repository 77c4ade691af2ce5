from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _prefect(prefect_server: None) -> None:
    """Run against the session's Prefect server."""
