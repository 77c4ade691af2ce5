"""What the documents show works."""

from __future__ import annotations

import ast
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from counterpoise.core.config_file import build_config
from counterpoise.core.strategies import STRATEGIES
from counterpoise.flows.command_line import run_command

ROOT = Path(__file__).parents[1]
COUNTERPOISE = Path(sys.executable).with_name("counterpoise")
DOCUMENTS = ("README.md", "CONTRIBUTING.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))))
GUIDES = ("docs/embedding.md",)
"""Documents whose Python snippets run one after the other where a dataset `fraud` is published."""


def blocks(language: str, document: str = "README.md") -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", (ROOT / document).read_text(), flags=re.MULTILINE | re.DOTALL)


def shown_commands(name: str) -> list[list[str]]:
    lines = [line for document in DOCUMENTS for block in blocks("sh", document) for line in block.splitlines()]
    words = [shlex.split(line, comments=True) for line in lines]
    return [line for line in words if line[:1] == [name]]


def test_the_configuration_of_the_readme_is_one() -> None:
    (text,) = blocks("yaml")
    config = build_config(yaml.load(text, Loader=yaml.BaseLoader))  # noqa: S506  # all values as texts
    assert config.name == "fraud"
    assert config.resampling.strategy == "smote"


@pytest.mark.parametrize("snippet", blocks("python"))
def test_every_name_that_a_snippet_imports_is_there(snippet: str) -> None:
    tree = ast.parse(snippet)
    imports = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert imports
    subprocess.run([sys.executable, "-c", "\n".join(imports)], check=True)


def test_the_notebook_snippet_runs(tmp_path: Path) -> None:
    (snippet,) = [block for block in blocks("python") if "balance_frame" in block]
    check = "assert balanced.train['fraud'].mean() == 0.5 and len(balanced.keys['train']) == len(balanced.train)"
    subprocess.run([sys.executable, "-c", f"{snippet}\n{check}"], check=True, cwd=tmp_path)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as the quick start leaves it."""
    folder = tmp_path_factory.mktemp("quick-start")
    for command in (
        "sample fraud --rows 3000 --out transactions.csv",
        "init transactions.csv --target is_fraud --name fraud",
        "run fraud.yaml --set evaluation.learners=[logistic_regression] --set evaluation.bootstrap=50",
    ):
        subprocess.run([COUNTERPOISE, *command.split()], check=True, cwd=folder, capture_output=True)
    return folder


@pytest.mark.parametrize("document", GUIDES)
def test_the_snippets_of_a_guide_run(document: str, published: Path) -> None:
    snippets = blocks("python", document)
    assert snippets
    for snippet in snippets:
        subprocess.run([sys.executable, "-c", snippet], check=True, cwd=published)


def test_the_reference_is_up_to_date() -> None:
    written = runpy.run_path(str(ROOT / "docs" / "make_reference.py"))["render_reference"]()
    assert (ROOT / "docs" / "reference.md").read_text() == written, "run `make reference`"


def test_the_suite_snippet_runs(tmp_path: Path) -> None:
    (snippet,) = blocks("python", "docs/validation.md")
    shutil.copy(ROOT / "expectations" / "transactions.json", tmp_path / "fraud.suite.json")
    check = "assert len(suite.expectations) > 10"
    subprocess.run([sys.executable, "-W", "ignore", "-c", f"{snippet}\n{check}"], check=True, cwd=tmp_path)


def test_every_expectation_of_ours_is_documented() -> None:
    from counterpoise.expectations.registration import register_expectations

    register_expectations()
    from great_expectations.expectations.registry import (
        get_expectation_impl,
        list_registered_expectation_implementations,
    )

    ours = {
        kind
        for kind in list_registered_expectation_implementations()
        if get_expectation_impl(kind).__module__.startswith("counterpoise.expectations.custom.")
    }
    rows = re.findall(r"^\| `(expect_\w+)` \|", (ROOT / "docs" / "validation.md").read_text(), flags=re.MULTILINE)
    assert set(rows) == ours


@pytest.mark.parametrize("words", shown_commands("counterpoise"), ids=" ".join)
def test_every_command_that_is_shown_exists_with_its_options(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command([words[1], "--help"]) == 0
    known = capsys.readouterr().out
    for word in words[2:]:
        if word.startswith("--"):
            assert re.search(rf"{word}\b", known)


@pytest.mark.parametrize("words", shown_commands("dask"), ids=" ".join)
def test_every_command_of_dask_that_is_shown_exists_with_its_options(words: list[str]) -> None:
    command = [sys.executable, "-m", f"distributed.cli.dask_{words[1]}", "--help"]
    known = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert all(re.search(rf"{word}\b", known) for word in words[2:] if word.startswith("--"))


def test_the_configuration_of_the_guide_to_scale_is_one() -> None:
    (text,) = blocks("yaml", "docs/scale.md")
    config = build_config(yaml.load(text, Loader=yaml.BaseLoader))  # noqa: S506  # all values as texts
    assert (config.engine.kind, config.engine.address) == ("dask", "tcp://scheduler:8786")


@pytest.mark.parametrize("words", shown_commands("make"), ids=" ".join)
def test_every_target_that_is_shown_can_be_made(words: list[str]) -> None:
    subprocess.run(["make", "--dry-run", "-C", str(ROOT), *words[1:]], check=True, capture_output=True)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_of_a_document_lead_somewhere(document: str) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", (ROOT / document).read_text())
    for link in links:
        assert link.startswith("https://") or (ROOT / document).parent.joinpath(link).exists(), link


def test_every_strategy_and_its_options_stand_in_the_guide() -> None:
    text = (ROOT / "docs" / "strategies.md").read_text()
    rows = {cells[1].strip(" `"): cells for line in text.splitlines() if len(cells := line.split("|")) == 6}
    for name, strategy in STRATEGIES.items():
        said = rows[name][4]
        if not said.strip().startswith("the same"):
            assert all(f"`{option}`" in said for option in strategy.options.model_fields), name
