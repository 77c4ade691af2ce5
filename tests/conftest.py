"""What all tests share: no telemetry, patient Hypothesis, one Prefect server a session for those that want it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.object_store import bucket, s3_endpoint

__all__ = ["bucket", "prefect_server", "s3_endpoint"]

os.environ.update(
    DO_NOT_TRACK="1",
    PREFECT_SERVER_ANALYTICS_ENABLED="false",
    # As the command line does: else what Prefect logs turns up in the output of whichever test imports it first.
    PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL="CRITICAL",
)
settings.register_profile("counterpoise", deadline=None)
settings.load_profile("counterpoise")


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Run a Prefect server with a database and a home of its own."""
    from prefect.settings import PREFECT_HOME, PREFECT_LOCAL_STORAGE_PATH, temporary_settings
    from prefect.testing.utilities import prefect_test_harness

    home = tmp_path_factory.mktemp("prefect")
    own = {PREFECT_HOME: home, PREFECT_LOCAL_STORAGE_PATH: home / "storage"}
    with temporary_settings(own), prefect_test_harness(server_startup_timeout=120):
        yield
