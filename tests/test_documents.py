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

from counterpoise.config import OutputConfig, SourceConfig, build_config
from counterpoise.flows.command_line import run_command
from counterpoise.storage import SCHEMES
from counterpoise.strategies import STRATEGIES

ROOT = Path(__file__).parents[1]
DOCUMENTS = ("README.md", "CONTRIBUTING.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))))
WRITTEN = tuple(sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]))
"""All documents, decisions and changelog included."""
WIDTH = 100


def blocks(language: str, document: str = "README.md") -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", (ROOT / document).read_text(), flags=re.MULTILINE | re.DOTALL)


def shown_commands(name: str) -> list[list[str]]:
    lines = [line for document in DOCUMENTS for block in blocks("sh", document) for line in block.splitlines()]
    words = [shlex.split(line, comments=True) for line in lines]
    return [line for line in words if line[:1] == [name]]


def inline_commands(name: str) -> list[list[str]]:
    """Return the commands that stand in backticks in the text of a document."""
    texts = [(ROOT / document).read_text() for document in DOCUMENTS]
    prose = [re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL) for text in texts]
    found = [match for text in prose for match in re.findall(rf"`({name} [^`]+)`", text)]
    return [words for shown in dict.fromkeys(found) if (words := shlex.split(shown)) and words[1][:1].islower()]


@pytest.mark.parametrize("document", ["README.md", "docs/configuration.md"])
def test_the_configuration_that_a_document_shows_is_valid(document: str) -> None:
    (text,) = blocks("yaml", document)
    config = build_config(yaml.load(text, Loader=yaml.BaseLoader))  # noqa: S506  # all values as texts
    assert config.name == "fraud"
    assert config.resampling.strategy == "smote"


@pytest.mark.slow
@pytest.mark.parametrize("snippet", blocks("python"))
def test_every_name_that_a_snippet_imports_is_there(snippet: str) -> None:
    tree = ast.parse(snippet)
    imports = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert imports
    subprocess.run([sys.executable, "-c", "\n".join(imports)], check=True)


@pytest.mark.slow
def test_the_notebook_snippet_runs(tmp_path: Path) -> None:
    (snippet,) = [block for block in blocks("python", "docs/embedding.md") if "balance_frame" in block]
    check = "assert balanced.train['fraud'].mean() == 0.5 and len(balanced.keys['train']) == len(balanced.train)"
    subprocess.run([sys.executable, "-c", f"{snippet}\n{check}"], check=True, cwd=tmp_path)


def test_the_reference_is_up_to_date() -> None:
    written = runpy.run_path(str(ROOT / "tools" / "make_reference.py"))["render_reference"]()
    assert (ROOT / "docs" / "reference.md").read_text() == written, "run `make reference`"


def test_the_reference_has_what_readers_of_versions_and_writers_of_suites_need() -> None:
    text = (ROOT / "docs" / "reference.md").read_text()
    for name in ("to_pandas", "to_arrow", "iter_arrow", "path", "evaluation"):
        assert f"### `counterpoise.versions.Version.{name}`" in text
    rows = re.findall(r"^\| `(expect_\w+)` \|", (ROOT / "docs" / "validation.md").read_text(), flags=re.MULTILINE)
    assert rows == [kind for kind in rows if f"### `{kind}`" in text]


@pytest.mark.slow
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


@pytest.mark.parametrize("words", [*shown_commands("counterpoise"), *inline_commands("counterpoise")], ids=" ".join)
def test_every_command_that_is_shown_exists_with_its_options(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command([words[1], "--help"]) == 0
    known = capsys.readouterr().out
    options = [word.partition("=")[0] for word in words[2:] if word.startswith("--")]
    assert [option for option in options if not re.search(rf"{option}\b", known)] == []


@pytest.mark.slow
@pytest.mark.parametrize("words", shown_commands("dask"), ids=" ".join)
def test_every_command_of_dask_that_is_shown_exists_with_its_options(words: list[str]) -> None:
    command = [sys.executable, "-m", f"distributed.cli.dask_{words[1]}", "--help"]
    known = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert all(re.search(rf"{word}\b", known) for word in words[2:] if word.startswith("--"))


def test_the_fragment_for_workers_undoes_what_dask_sets_by_default() -> None:
    import dask
    import distributed  # noqa: F401  # its defaults

    text = (ROOT / "docs" / "scale.md").read_text()
    (fragment,) = re.findall(r"`~/\.config/dask/distributed\.yaml`.*?\n\n    (.*?)\n\n", text, flags=re.DOTALL)
    place = "distributed.nanny.pre-spawn-environ"
    ours = dask.config.get(place, config=yaml.safe_load(fragment))
    assert dask.config.get(place)["MALLOC_TRIM_THRESHOLD_"] is not None
    merged = dask.config.merge(dask.config.config, yaml.safe_load(fragment))
    assert ours == {"MALLOC_TRIM_THRESHOLD_": None}
    assert dask.config.get(place, config=merged)["MALLOC_TRIM_THRESHOLD_"] is None


def test_the_configuration_of_the_guide_to_scale_is_one() -> None:
    (text,) = blocks("yaml", "docs/scale.md")
    config = build_config(yaml.load(text, Loader=yaml.BaseLoader))  # noqa: S506  # all values as texts
    assert (config.engine.kind, config.engine.address) == ("dask", "tcp://scheduler:8786")


@pytest.mark.parametrize("words", [*shown_commands("make"), *inline_commands("make")], ids=" ".join)
def test_every_target_that_is_shown_can_be_made(words: list[str]) -> None:
    subprocess.run(["make", "--dry-run", "-C", str(ROOT), *words[1:]], check=True, capture_output=True)


@pytest.mark.parametrize("words", inline_commands("python"), ids=" ".join)
def test_every_program_that_is_shown_exists_with_its_options(words: list[str]) -> None:
    program = "".join((ROOT / name).read_text() for name in (words[1], "benchmarks/feeds/options.py"))
    assert [word for word in words[2:] if word.startswith("--") and f'"{word}"' not in program] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_of_a_document_lead_somewhere(document: str) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", (ROOT / document).read_text())
    for link in links:
        assert link.startswith("https://") or (ROOT / document).parent.joinpath(link).exists(), link


def prose(path: Path) -> list[str]:
    """Return the lines of a document's prose: no code, tables, headings or images."""
    text = re.sub(r"^```.*?^```$", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)
    return [line for line in text.splitlines() if not line.startswith(("|", "#", "![", "    "))]


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.name)
def test_prose_is_wrapped_at_one_width(path: Path) -> None:
    assert [line for line in prose(path) if len(line) > WIDTH] == []


def test_every_scheme_of_an_object_store_stands_in_guide_and_form() -> None:
    rows = [
        line for line in (ROOT / "docs" / "storage.md").read_text().splitlines() if "://" in line and line[0] == "|"
    ]
    assert {scheme for scheme in SCHEMES if f"`{scheme}://" in "".join(rows)} == set(SCHEMES)
    helps = [SourceConfig.model_fields["path"].description, OutputConfig.model_fields["root"].description]
    families = {scheme.removesuffix("s") if scheme == "abfss" else scheme for scheme in SCHEMES}
    assert [scheme for scheme in families for text in helps if f"{scheme}://" not in str(text)] == []


def test_every_strategy_and_its_options_stand_in_the_guide() -> None:
    text = (ROOT / "docs" / "strategies.md").read_text()
    rows = {cells[1].strip(" `"): cells for line in text.splitlines() if len(cells := line.split("|")) == 6}
    for name, strategy in STRATEGIES.items():
        said = rows[name][4]
        if not said.strip().startswith("the same"):
            assert all(f"`{option}`" in said for option in strategy.options.model_fields), name
