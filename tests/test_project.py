"""Rules that hold for the project as a whole."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("counterpoise", "expectations", "flows", "tasks")
SLOW = ("duckdb", "great_expectations", "imblearn", "matplotlib", "pandas", "pyarrow", "sklearn", "skrub", "sqlalchemy")


def pyproject() -> dict[str, dict[str, dict[str, object]]]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def files_of_the_project() -> list[Path]:
    """Return what git tracks or would add; all files outside of folders that tools make where git is not there."""
    if (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
            cwd=ROOT, check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip
        return [ROOT / name for name in filter(None, listed.split("\0")) if (ROOT / name).is_file()]
    made = {".venv", "build", "dist", "datasets"}
    return [path for path in ROOT.rglob("*") if path.is_file() and not made & set(path.relative_to(ROOT).parts)]


@pytest.mark.slow
@pytest.mark.parametrize("package", PACKAGES)
def test_imports_are_absolute(package: str) -> None:
    for path in modules(package):
        relative = [node for node in ast.walk(ast.parse(path.read_text())) if getattr(node, "level", 0)]
        assert not relative, path


@pytest.mark.parametrize("package", PACKAGES)
def test_each_package_says_that_it_is_typed(package: str) -> None:
    assert (ROOT / package / "py.typed").exists()


@pytest.mark.slow
@pytest.mark.parametrize("module", ["counterpoise.flows.balance", "counterpoise.flows.command_line"])
def test_importing_the_flow_or_the_command_imports_no_slow_library(module: str) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    loaded = set(done.stdout.split())
    assert module in loaded
    ours = {name for name in loaded if name.startswith("counterpoise.")}
    before = subprocess.run(
        [sys.executable, "-c", "import sys, prefect, prefect.flows, prefect.artifacts; print(*sys.modules)"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    assert ours
    assert not (set(SLOW) & loaded) - set(before.split())


def test_the_command_does_not_import_prefect_before_it_needs_it() -> None:
    code = "import sys, counterpoise.flows.command_line; sys.exit('prefect' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


AFTER = "; print(len(sys.modules), *{name.partition('.')[0] for name in sys.modules})"
TELLS = "import sys; from counterpoise.flows.command_line import run_command; assert run_command(sys.argv[1:]) == 0"


def imported_by(arguments: list[str], folder: Path) -> tuple[int, set[str]]:
    """Return how many modules a command has imported in its own process, and their packages."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    done = subprocess.run(
        [sys.executable, "-c", TELLS + AFTER, *arguments], cwd=folder, check=True, capture_output=True, text=True,
        env={**environment, "PREFECT_HOME": str(folder)},
    )  # fmt: skip
    number, *packages = done.stdout.splitlines()[-1].split()
    return int(number), set(packages)


def test_the_version_is_told_without_a_library_for_data(tmp_path: Path) -> None:
    modules, packages = imported_by(["--version"], tmp_path)
    assert not packages & {"duckdb", "great_expectations", "numpy", "pandas", "prefect", "pyarrow", "sklearn", "yaml"}
    assert modules < 400, "341 on 2026-11-30"


@pytest.mark.slow
def test_a_run_without_evaluation_imports_only_what_it_uses(tmp_path: Path) -> None:
    rows = "\n".join(f"{number},{'yes' if number % 2 else 'no'}" for number in range(10))
    (tmp_path / "ten.csv").write_text(f"x,label\n{rows}\n")
    (tmp_path / "ten.yaml").write_text(
        "name: ten\nsource: {path: ten.csv}\ncolumns: {target: label}\nresampling: {strategy: none}\n"
        "evaluation: {enabled: false}\n"
    )
    modules, packages = imported_by(["run", "ten.yaml"], tmp_path)
    assert not packages & {"great_expectations", "imblearn", "matplotlib", "prefect", "skrub", "sklearn", "sqlalchemy"}
    assert modules < 1_600, "1,506 on 2026-11-30"


def test_no_file_names_a_package_index() -> None:
    # Put together here so that this file does not name one either.
    index = re.compile("|".join(["--(extra-)?" + "index-url", "--find" + "-links ", r"https?://[^\s]*/" + r"simple\b"]))
    for path in files_of_the_project():
        assert not index.search(path.read_text(encoding="utf-8", errors="replace")), path


def test_no_file_names_a_path_of_one_machine() -> None:
    machine = re.compile(r"(?<![\w.)}\]*~])/" + r"(home|root|work|Users)/" + r"[\w.]")
    for path in files_of_the_project():
        assert not machine.search(path.read_text(encoding="utf-8", errors="replace")), path


def test_the_lock_file_has_a_hash_for_every_package() -> None:
    entries = re.split(r"\n(?=[a-z])", (ROOT / "requirements.lock").read_text())
    pinned = [entry for entry in entries if re.match(r"[a-z0-9._-]+==", entry)]
    assert len(pinned) > 100
    assert all("--hash=sha256:" in entry for entry in pinned)


def test_no_source_file_is_longer_than_400_lines() -> None:
    long = {
        str(path.relative_to(ROOT)): length
        for package in (*PACKAGES, "tests", "benchmarks")
        for path in modules(package)
        if (length := len(path.read_text().splitlines())) > 400
    }
    assert not long


def test_the_readme_opens_with_the_two_commands() -> None:
    opening = (ROOT / "README.md").read_text().splitlines()[:12]
    assert "make demo" in " ".join(opening)
    assert "make test" in " ".join(opening)


def test_the_changelog_knows_the_version() -> None:
    version = pyproject()["project"]["version"]
    assert f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text()


def test_make_without_a_target_shows_what_can_be_made() -> None:
    shown = subprocess.run(["make", "-C", str(ROOT)], check=True, capture_output=True, text=True).stdout
    for target in ("demo", "test", "setup", "check", "lint", "types", "lock", "clean"):
        assert re.search(rf"make {target} +\w", shown)


def test_make_says_so_where_python_is_too_old(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text())
    for name in ("requirements.lock", "pyproject.toml"):
        (tmp_path / name).touch()
    old = tmp_path / "old-python"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2\nexit 1\n')
    old.chmod(0o755)
    done = subprocess.run(["make", "setup", f"PYTHON={old}"], cwd=tmp_path, capture_output=True, text=True)  # noqa: PLW1510
    assert done.returncode != 0
    assert "Python 3.11 or newer is needed" in done.stderr
    assert "Python 3.9.2" in done.stderr
