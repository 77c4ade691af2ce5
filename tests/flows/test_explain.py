"""`counterpoise explain`, and names that a shell completes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from counterpoise.config import BalanceConfig, build_config
from counterpoise.errors import CounterpoiseError
from counterpoise.flows.command_line import run_command
from counterpoise.flows.explain import explain, names
from counterpoise.metrics import METRICS
from counterpoise.strategies import STRATEGIES


def facts(name: str) -> dict[str, str]:
    """Return the facts that are told of a strategy or a metric."""
    text = re.sub(r"\n {14}", " ", explain(name))
    return {line[2:14].strip(): line[14:] for line in text.splitlines()[1:] if line.startswith("  ")}


def configured(setting: str, value: str) -> BalanceConfig:
    section, _, field = setting.partition(".")
    own = {"rule": "not_worse"} if section == "promotion" else {}
    columns, source = {"target": "y"}, {"path": "x.csv"}
    return build_config({"name": "tested", "source": source, "columns": columns, section: {**own, field: value}})


def test_every_strategy_and_metric_is_explained_within_80_columns() -> None:
    assert set(names()) == {*STRATEGIES, *METRICS}
    for name in names():
        lines = explain(name).splitlines()
        assert lines[0].startswith(f"{name}: ")
        assert max(map(len, lines)) <= 80


def test_the_settings_that_are_named_accept_the_name() -> None:
    for name in names():
        for setting in facts(name).get("configure", "").split(", "):
            key, _, value = setting.partition(": ")
            if key:
                assert configured(key, value or name)


def test_the_options_that_are_named_are_those_that_are_accepted_with_their_defaults() -> None:
    for name, strategy in STRATEGIES.items():
        if name == "auto":
            continue
        told = dict(re.findall(r"(\w+) \([^)]*; (\S+) by default\)", facts(name)["options"]))
        assert told == {option: str(getattr(strategy.options(), option)) for option in strategy.options.model_fields}


def test_a_label_is_understood_and_an_unknown_name_gets_the_nearest_one(capfd: pytest.CaptureFixture[str]) -> None:
    assert explain("SVM-SMOTE") == explain("svm_smote")
    assert run_command(["explain", "smot"]) == 2
    assert "counterpoise explain 'smote'" in capfd.readouterr().err
    assert run_command(["explain", "smote"]) == 0
    assert capfd.readouterr().out.startswith("smote: SMOTE")
    with pytest.raises(CounterpoiseError, match="choose one of these names"):
        explain("\x1b[31m")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "found"),
    [("ver", {"verify", "versions"}), ("explain smote", {"smote", "smotenc", "smoten", "smote_enn", "smote_tomek"})],
)
def test_a_shell_completes_commands_and_names(words: str, found: set[str]) -> None:
    command = Path(sys.executable).with_name("counterpoise")
    asked = {"_COUNTERPOISE_COMPLETE": "complete_bash", "COMP_WORDS": f"counterpoise {words}"}
    done = subprocess.run(
        [command], env={**os.environ, **asked, "COMP_CWORD": str(len(words.split()))},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert set(done.stdout.split()) == found
