from __future__ import annotations

from typing import Any

import pytest

from counterpoise.config._files import build_config
from counterpoise.config._sections.execution import EngineConfig
from counterpoise.errors import ConfigError
from counterpoise.persist import run_key

SETTINGS: dict[str, Any] = {"name": "tested", "source": {"path": "table.csv"}, "columns": {"target": "label"}}
CLUSTER = {"kind": "dask", "address": "tcp://scheduler.example:8786"}


def test_the_kind_may_stand_alone() -> None:
    assert build_config({**SETTINGS, "engine": "dask"}).engine == EngineConfig(kind="dask")
    assert build_config(SETTINGS, ["engine.kind=dask", "engine.workers=3"]).engine.workers == 3


@pytest.mark.parametrize("address", ["tcp://10.0.0.5:8786", "scheduler:8786", "tls://[::1]:8786"])
def test_addresses_of_schedulers_are_accepted(address: str) -> None:
    assert EngineConfig(kind="dask", address=address).address == address


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"kind": "ray"}, "local"),
        ({"kind": "dask", "address": "10.0.0.5"}, "engine.address"),
        ({"kind": "dask", "address": "tcp://user:secret@host:1"}, "engine.address"),
        ({"address": "tcp://10.0.0.5:8786"}, "needs kind dask"),
        ({**CLUSTER, "workers": 3}, "apply only to a cluster on this machine"),
        ({**CLUSTER, "threads": 2}, "apply only to a cluster on this machine"),
        ({"kind": "dask", "threads": 0}, "engine.threads"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(section: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        build_config({**SETTINGS, "engine": section})


def test_the_machines_are_no_part_of_what_is_published() -> None:
    here, there = build_config(SETTINGS), build_config({**SETTINGS, "engine": CLUSTER})
    assert run_key(here, "digest") == run_key(there, "digest")
    assert "scheduler.example" not in str(there.portable())
