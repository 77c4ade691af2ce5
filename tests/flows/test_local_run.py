"""A command without a server runs the same stages as a flow run: same bytes, records, errors, retries and limits."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect import Flow
from prefect.settings import PREFECT_API_URL, temporary_settings

from counterpoise import evaluate as evaluating
from counterpoise import ingest as ingesting
from counterpoise.config import BalanceConfig
from counterpoise.errors import CounterpoiseError
from counterpoise.flows import local_run
from counterpoise.flows.balance import balance
from counterpoise.flows.command_line import run_command
from counterpoise.flows.compare import compare
from counterpoise.flows.local_run import run_flow
from counterpoise.flows.monitor import monitor
from counterpoise.runtime import beside, companion
from counterpoise.tasks import stage
from counterpoise.tasks.validate import prepare_checks
from counterpoise.versions import open_version
from tests.flows.tables import configured, write_table
from tests.processes import PATIENCE, running, wait_until

pytestmark = pytest.mark.slow

Run = Callable[[Flow[Any, Any], BalanceConfig], Any]
_VARYING = {"created", "seconds", "sampling_seconds", "fit_seconds", "predict_seconds", "peak_mb", "sha256", "bytes"}
"""Times, memory, and the digests and sizes of records that contain them."""


def on_server(flow: Flow[Any, Any], config: BalanceConfig) -> Any:
    return flow(config)


def alone(flow: Flow[Any, Any], config: BalanceConfig) -> Any:
    with without_server():
        return run_flow(flow.fn, config)


def beside_a_companion(flow: Flow[Any, Any], config: BalanceConfig) -> Any:
    with without_server(), companion(prepare_checks):
        assert beside(os.getpid).result() != os.getpid()
        return run_flow(flow.fn, config)


@contextmanager
def without_server() -> Iterator[None]:
    with temporary_settings(restore_defaults={PREFECT_API_URL}):
        yield


BOTH = pytest.mark.parametrize("run", [on_server, alone], ids=["flow", "alone"])


@pytest.fixture(autouse=True)
def _no_temporary_server(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise AssertionError("a server was asked for")

    monkeypatch.setattr(local_run, "reach_prefect", refuse)


def records_of(folder: Path) -> dict[str, Any]:
    """Return every JSON record and every Parquet file of the datasets in a folder, without what varies."""
    found: dict[str, Any] = {}
    for path in sorted((folder / "datasets").rglob("*")):
        name = _plain(str(path.relative_to(folder)), folder)
        if path.suffix == ".json":
            found[name] = _without_varying(json.loads(_plain(path.read_text(), folder)))
        elif path.suffix == ".parquet":
            found[name] = path.read_bytes()
        elif path.is_file():
            found[name] = "there"
    return found


def _plain(text: str, folder: Path) -> str:
    """Replace the names that differ from run to run: the folder, identities and digests of records."""
    return re.sub(r"[0-9a-f]{32,}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "…", text.replace(str(folder), ""))


def _without_varying(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_varying(each) for key, each in value.items() if key not in _VARYING}
    return [_without_varying(each) for each in value] if isinstance(value, list) else value


def differences(one: Any, other: Any, place: str = "") -> list[str]:
    """Return where two records differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys = [*one, *(other.keys() - one.keys())]
        return [each for key in keys for each in differences(one.get(key), other.get(key), f"{place}/{key}")]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        return [each for number, pair in pairs for each in differences(*pair, f"{place}/{number}")]
    return [] if one == other else [f"{place}: {str(one)[:80]} | {str(other)[:80]}"]


def both(
    tmp_path: Path, work: Callable[[Run, Path], object], runs: tuple[Run, ...] = (on_server, alone)
) -> list[dict[str, Any]]:
    """Do the same work on a server and alone, each in a folder of its own, and return what it left."""
    left = []
    for run in runs:
        folder = tmp_path / run.__name__
        folder.mkdir()
        work(run, folder)
        left.append(records_of(folder))
    return left


@pytest.mark.parametrize("strategy", ["none", "smote", "random_under"])
def test_a_run_leaves_the_same_files_and_records_with_and_without_a_server(tmp_path: Path, strategy: str) -> None:
    flow, plain, helped = both(
        tmp_path,
        lambda run, folder: run(balance, configured(folder, f"resampling.strategy={strategy}")),
        (on_server, alone, beside_a_companion),
    )
    assert differences(flow, plain) == []
    assert differences(plain, helped) == []
    assert any(name.endswith(".parquet") for name in flow)


def test_recipes_and_promotions_are_the_same(tmp_path: Path) -> None:
    def work(run: Run, folder: Path) -> None:
        output = {"root": str(folder / "datasets"), "materialise": "recipe"}
        config = configured(folder, "resampling.strategy=smote", output=output, promotion={"rule": "always"})
        assert run(balance, config).version == 1
        assert run(balance, config).version == 1, "an unchanged source gives the version that is there"
        assert open_version(f"{folder}/datasets/tested@promoted").stored_as_recipe

    flow, plain = both(tmp_path, work)
    assert differences(flow, plain) == []


def test_a_comparison_and_a_check_of_the_source_are_the_same(tmp_path: Path) -> None:
    def work(run: Run, folder: Path) -> None:
        tournament = {"learners": ["logistic_regression"], "strategies": ["none", "smote", "adasyn"], "folds": 3}
        config = configured(folder, tournament=tournament)
        run(balance, config)
        board = run(compare, config)
        assert len(board.ranked) == 4
        write_table(folder, seed=5)
        reports.append(run(monitor, config).status)

    reports: list[str] = []
    flow, plain = both(tmp_path, work)
    assert differences(flow, plain) == []
    assert reports[0] == reports[1]


REFUSED = {
    "source": ("missing.csv", None, ()),
    "label": ("table.csv", "id,x,y,label\n" + "".join(f"r{n},{n},1,no\n" for n in range(100)), ()),
    "column": ("table.csv", None, ("columns.target=lable",)),
    "rows": ("table.csv", "id,x,y,label\nr0,1,2,yes\nr1,1,2,no\n", ()),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_error_is_the_same_and_leaves_the_same_evidence(tmp_path: Path, case: str) -> None:
    name, text, overrides = REFUSED[case]
    errors: list[dict[str, Any]] = []

    def work(run: Run, folder: Path) -> None:
        config = configured(folder, *overrides, source={"path": str(folder / name)})
        if text is not None:
            (folder / name).write_text(text)
        with pytest.raises(CounterpoiseError) as caught:
            run(balance, config)
        errors.append(json.loads(_plain(json.dumps(caught.value.as_dict()), folder)))
        assert not list(folder.glob("datasets/tested/.staging/*"))

    flow, plain, helped = both(tmp_path, work, (on_server, alone, beside_a_companion))
    assert errors[0] == errors[1] == errors[2]
    assert differences(flow, plain) == []
    assert differences(plain, helped) == []


class Failing:
    """Fails with the given errors first, and counts its calls."""

    def __init__(self, function: Callable[..., Any], *errors: BaseException) -> None:
        self.function, self.errors, self.calls = function, list(errors), 0

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return self.function(*arguments, **named)


@BOTH
def test_failures_of_a_device_are_retried_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    failing = Failing(ingesting.ingest_source, OSError(errno.EIO, "device"), ConnectionResetError("peer"))
    monkeypatch.setattr(ingesting, "ingest_source", failing)
    assert run(balance, configured(tmp_path, "evaluation.enabled=false")).version == 1
    assert failing.calls == 3


@BOTH
def test_a_device_that_stays_broken_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    failing = Failing(ingesting.ingest_source, *(OSError(errno.EIO, "device") for _ in range(9)))
    monkeypatch.setattr(ingesting, "ingest_source", failing)
    with pytest.raises(CounterpoiseError if run is alone else Exception, match="device"):
        run(balance, configured(tmp_path, "evaluation.enabled=false"))
    assert failing.calls == 3


@BOTH
def test_bad_data_and_faults_of_a_learner_are_not_retried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    failing = Failing(evaluating.compare_strategies, ZeroDivisionError("learner"))
    monkeypatch.setattr(evaluating, "compare_strategies", failing)
    with pytest.raises(ZeroDivisionError, match="learner"):
        run(balance, configured(tmp_path))
    assert failing.calls == 1


@BOTH
def test_a_stage_that_is_too_slow_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    monkeypatch.setattr(ingesting, "ingest_source", lambda *_, **__: signal.pause())
    with pytest.raises(CounterpoiseError, match=r"stage_timeout.*timeouts\.ingest"):
        run(balance, configured(tmp_path, "timeouts.ingest=0.002"))


def test_a_failed_run_without_a_server_leaves_no_working_area_as_nobody_resumes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingesting, "ingest_source", Failing(ingesting.ingest_source, ZeroDivisionError("ours")))
    with pytest.raises(ZeroDivisionError):
        alone(balance, configured(tmp_path))
    assert not list(tmp_path.glob("datasets/tested/.staging/*"))


WAITING = """
import pathlib, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs the tests in the background has it ignored
from counterpoise import ingest
from counterpoise.flows.command_line import main

def wait(source, *, folder, **others):
    folder.mkdir()
    (folder / "half-read").touch()
    pathlib.Path("started").touch()
    signal.pause()

ingest.ingest_source = wait
sys.argv[1:] = ["run", "tested.yaml"]
main()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_command_that_is_asked_to_end_leaves_no_working_area(tmp_path: Path, number: signal.Signals) -> None:
    config = configured(tmp_path)
    (tmp_path / "tested.yaml").write_text(yaml.safe_dump(config.published()))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    with running(
        [sys.executable, "-c", WAITING], cwd=tmp_path, env={**environment, "PREFECT_HOME": str(tmp_path / "home")}
    ) as process:
        wait_until((tmp_path / "started").exists, what="the run is at work", program=process)
        assert len(list(tmp_path.glob("datasets/tested/.staging/*"))) == 1
        process.send_signal(number)
        assert process.wait(PATIENCE) != 0
    assert not list(tmp_path.glob("datasets/tested/.staging/*"))
    assert not (tmp_path / "datasets/tested/versions").exists()


@pytest.mark.parametrize("words", [["run"], ["compare"], ["monitor"]], ids=lambda words: words[0])
def test_a_command_without_a_server_asks_for_none_and_says_how_to_see_a_run_in_the_ui(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], words: list[str]
) -> None:
    learners = {"learners": ["logistic_regression"], "strategies": ["none"], "folds": 2, "final": False}
    config = configured(tmp_path, tournament=learners)
    (tmp_path / "tested.yaml").write_text(yaml.safe_dump(config.published()))
    with without_server():
        if words == ["monitor"]:
            run_flow(balance.fn, config)
        assert run_command([*words, str(tmp_path / "tested.yaml")]) == 0
    said = capfd.readouterr().err
    assert "start a server and set PREFECT_API_URL" in said
    assert "  ingest: 600 rows" in said


@pytest.mark.parametrize(
    "sections",
    [{"engine": {"kind": "dask"}}, {"source": {"path": "s3://bucket/t.csv", "credentials_block": "secret/bucket"}}],
    ids=["dask", "block"],
)
def test_what_only_prefect_has_asks_for_a_server(tmp_path: Path, sections: dict[str, Any]) -> None:
    with without_server(), pytest.raises(AssertionError, match="a server was asked for"):
        run_flow(balance.fn, configured(tmp_path, **sections))


def test_a_server_that_is_asked_for_or_set_is_used(tmp_path: Path) -> None:
    config = configured(tmp_path)
    with without_server(), pytest.raises(AssertionError, match="a server was asked for"):
        run_flow(balance.fn, config, prefect=True)
    with pytest.raises(AssertionError, match="a server was asked for"):
        run_flow(balance.fn, config)


def test_the_pauses_between_tries_are_those_of_the_task() -> None:
    assert list(stage._PAUSES) == [1, 5]


WITHOUT_PREFECT = """
import sys
from counterpoise.flows.command_line import main
sys.argv[1:] = ["run", "tested.yaml"]
try:
    main()
except SystemExit as ended:
    assert ended.code == 0, ended.code
unwanted = {"prefect", "great_expectations"}
sys.exit(", ".join(sorted(unwanted & {name.split(".")[0] for name in sys.modules})) or None)
"""


def test_a_run_without_a_server_leaves_prefect_alone_and_great_expectations_to_its_companion(
    tmp_path: Path,
) -> None:
    config = configured(tmp_path, "timeouts.ingest=5")
    (tmp_path / "tested.yaml").write_text(yaml.safe_dump(config.published()))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    command, home = [sys.executable, "-c", WITHOUT_PREFECT], str(tmp_path / "home")
    done = subprocess.run(
        command, cwd=tmp_path, env={**environment, "PREFECT_HOME": home}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "verdict" in done.stdout
