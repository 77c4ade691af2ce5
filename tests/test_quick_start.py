"""The quick start of the README works as written, and so does what the guides do in the folder that it leaves."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from prefect.settings import PREFECT_API_URL
from sklearn.linear_model import LogisticRegression

from counterpoise.flows.command_line import run_command
from counterpoise.records import DatasetVersion
from counterpoise.suggest import write_sample
from counterpoise.versions import Version, open_version
from tests.test_documents import ROOT, blocks

pytestmark = pytest.mark.slow

GUIDES = ("docs/embedding.md",)
"""Documents whose Python snippets run one after the other where a dataset `fraud` is published."""

QUICK = """
evaluation: {learners: [logistic_regression], bootstrap: 50}
tournament: {strategies: [random_over, smote], learners: [logistic_regression], folds: 2}
"""
"""Added to the proposed configuration, so that the quick start takes seconds."""


def write_transactions(path: Path) -> None:
    """Write a small table whose validation rows have the 20 frauds that a calibrator needs."""
    header, *lines = write_sample("fraud", rows=12_000, out=path, seed=0).read_text().splitlines(keepends=True)
    kept = [line for number, line in enumerate(lines) if number % 6 == 0 or line.endswith(",true\n")]
    path.write_text("".join([header, *kept]))


def commands(document: str) -> list[list[str]]:
    """Return the commands of the first block of a document that has any."""
    found = [[shlex.split(line, comments=True) for line in block.splitlines()] for block in blocks("sh", document)]
    return [line[1:] for line in next(block for block in found if block[0][0] == "counterpoise")]


def work_in(folder: Path) -> contextlib.chdir[Path]:
    return contextlib.chdir(folder)


@pytest.fixture(scope="module")
def quick_start(tmp_path_factory: pytest.TempPathFactory, prefect_server: None) -> Path:
    """A folder in which all commands of the quick start have been run, one after the other."""
    folder = tmp_path_factory.mktemp("quick-start")
    write_transactions(folder / "transactions.csv")
    first, *others = commands("README.md")
    with work_in(folder):
        assert run_command(first) == 0
        with Path("fraud.yaml").open("a") as file:
            file.write(QUICK)
        for words in others:
            assert run_command(words) == 0, words
    return folder


@pytest.fixture
def in_folder(quick_start: Path) -> Iterator[Path]:
    with work_in(quick_start):
        yield quick_start


ONE_BY_ONE = """
import sys
for snippet in sys.argv[1:]:
    print(snippet, flush=True)
    exec(snippet, {"__name__": "__main__"})
"""
"""Runs snippets none of which knows names of another; in one process, as imports take longest."""


def run_snippets(snippets: list[str], folder: Path) -> None:
    environment = {**os.environ, "PREFECT_API_URL": str(PREFECT_API_URL.value())}
    subprocess.run([sys.executable, "-c", ONE_BY_ONE, *snippets], check=True, cwd=folder, env=environment)


def test_the_quick_start_leaves_what_its_comments_say(in_folder: Path) -> None:
    shown = {words[0]: words for words in commands("README.md")}
    assert list(shown) == ["init", "run", "versions", "show", "verify", "rebuild", "compare", "promote"]
    assert (in_folder / "fraud.suite.json").exists()
    version = open_version("datasets/fraud@1")
    assert version.manifest.resampling.strategy == "smote"
    assert open_version("datasets/fraud@promoted").record.version == 1
    assert list((in_folder / "datasets" / "fraud" / "tournaments").glob("*.html"))


def test_the_python_of_the_readme_runs(in_folder: Path) -> None:
    (snippet,) = blocks("python")
    found: dict[str, Any] = {"frame": open_version("datasets/fraud").to_pandas("validation")}
    exec(snippet, found)  # noqa: S102  # our own document
    version: DatasetVersion = found["version"]
    assert len(found["train"]) == version.partitions["train"].rows
    assert found["balanced"].train["is_fraud"].mean() == 0.5


@pytest.mark.parametrize("document", GUIDES)
def test_the_snippets_of_a_guide_run(document: str, quick_start: Path) -> None:
    snippets = blocks("python", document)
    assert snippets
    run_snippets(snippets, quick_start)


def test_the_commands_of_the_guide_to_prefect_that_watch_a_source_run(in_folder: Path) -> None:
    shown = commands("docs/prefect.md")
    assert [words[0] for words in shown] == ["monitor", "monitor"]
    assert [run_command(words) for words in shown] == [0, 0]


@pytest.mark.parametrize("shown", ["advise fraud.yaml", "sample fraud --rows 20000 --out transactions.csv"])
def test_what_the_readme_says_beside_its_quick_start_runs(
    shown: str, quick_start: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert f"`counterpoise {shown}`" in (ROOT / "README.md").read_text()
    monkeypatch.chdir(shutil.copytree(quick_start, tmp_path / "copy"))
    assert run_command(shown.split()) == 0


def features(version: Version, part: str) -> pd.DataFrame:
    return version.to_pandas(part).select_dtypes("number").fillna(0)


def test_the_snippets_on_probabilities_give_decisions_at_the_published_threshold(in_folder: Path) -> None:
    correct, decide, serve = blocks("python", "docs/evaluation.md")
    version = open_version("datasets/fraud@1")
    target = version.manifest.settings.columns.target
    labels = version.to_pandas("train")[target]
    model = LogisticRegression(max_iter=1000).fit(features(version, "train"), labels)
    rows = features(version, "test")
    with contextlib.ExitStack() as files:
        found: dict[str, Any] = {
            "model": model,
            "features": rows,
            "open": lambda path: files.enter_context(Path(path).open(encoding="utf-8")),
        }
        exec(correct, found)  # noqa: S102  # our own document
    assert found["c"]["positive_class"] == str(model.classes_[1]).lower()
    for name in ("p", "calibrated"):
        assert found[name].shape == (len(rows),)
        assert ((found[name] >= 0) & (found[name] <= 1)).all()
    assert found["p"].mean() < found["q"].mean(), "smote raised the prevalence"
    known = version.to_pandas("validation")[target] == model.classes_[1]
    scores = model.predict_proba(features(version, "validation"))[:, 1]
    found |= {"validation_positive": known, "validation_called": scores >= np.quantile(scores, 0.9)}
    found["positive"] = found["q"] >= np.quantile(scores, 0.9)
    exec(serve, found)  # noqa: S102  # our own document
    assert found["adjusted"].mean() == pytest.approx(found["by_em"].prevalence, abs=0.001)
    assert 0 <= found["by_decisions"].low <= found["by_decisions"].high <= 1
    exec(decide, found)  # noqa: S102  # our own document
    positive = found["decides"].fit(rows, version.to_pandas("test")[target]).predict(rows) == model.classes_[1]
    assert (positive == (found["q"] >= found["threshold"])).all()
