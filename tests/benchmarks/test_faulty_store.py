"""The campaign of faults against a bucket in short: a sample of calls, every kind of fault."""

from __future__ import annotations

import os

import pytest

from benchmarks.faulty_store import campaign, summary
from tests.faulty_proxy import PASSING, Fault
from tests.processes import PATIENCE

pytestmark = pytest.mark.slow

CAUSED: tuple[Fault, ...] = tuple(fault for fault in PASSING if fault not in ("slow", "never answers"))


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give back what the campaign sets."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "COUNTERPOISE_")):
            monkeypatch.delenv(name)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("COUNTERPOISE_STORE_TIMEOUT", "2")
    monkeypatch.setattr("benchmarks.faulty_store.MINUTE", PATIENCE)  # a busy machine may take its time


@pytest.mark.parametrize(("scenario", "every"), [("publish", 100), ("source", 48), ("multipart", 52), ("after", 200)])
def test_one_fault_is_survived_wherever_it_happens(scenario: str, every: int) -> None:
    results = campaign([scenario], every=every, faults=CAUSED, report=False)
    assert not [result for result in results if result.wrong or result.error], summary(results)
    assert {result.fault for result in results} == set(CAUSED)


def test_faults_that_never_end_are_named_and_leave_nothing_half_done() -> None:
    faults: tuple[Fault, ...] = ("refused", "read only", "wrong region", "forgotten condition", "unknown condition")
    results = campaign(["publish"], faults=faults, lasting=True, report=False)
    assert not [result for result in results if result.wrong], summary(results)
    assert all(result.error for result in results)
