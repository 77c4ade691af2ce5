"""Where code stands: rooms with one door each, layers, no circles, and names that every tool finds."""

from __future__ import annotations

import ast
import importlib
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "counterpoise"
LINKED = ("expectations", "flows", "tasks")
LAYERS = (
    "typing", "text", "errors", "metrics", "runtime", "records", "secrets", "storage", "strategies", "config", "table",
    "split", "ingest", "drift", "resample", "results", "persist", "validate", "versions", "evaluate", "synthetic",
    "compare", "monitor", "suggest", "report", "verify", "integrations", "expectations", "frames", "pipelines",
    "tasks", "flows",
)  # fmt: skip
"""From the bottom up: a room imports rooms before it, and none after it."""


SHOWN = {
    ("compare", "hold_out"), ("compare", "prepare_comparison"), ("evaluate", "adjust_to_prior"),
    ("evaluate", "prior_by_black_box"), ("evaluate", "prior_by_em"), ("frames", "BalancedFrame"),
    ("frames", "balance_frame"), ("frames", "resample_frame"), ("integrations", "record_in_mlflow"),
    ("pipelines", "BalancedBatches"), ("pipelines", "GroupTimeSplit"), ("pipelines", "Sampler"),
    ("pipelines", "StratifiedGroupSplit"),
}  # fmt: skip
"""Names that the documents show to other programs, though none of our modules asks for them."""


class Code(NamedTuple):
    """What the tests ask of a file: its imports, functions and lines."""

    imports: tuple[ast.Import | ast.ImportFrom, ...]
    functions: tuple[ast.FunctionDef | ast.AsyncFunctionDef, ...]
    lines: list[str]


class Import(NamedTuple):
    """One import of ours: from which module, of which module, where it stands."""

    importer: str
    imported: str
    line: int


def modules() -> dict[str, Path]:
    """Return the modules of the package by name, those of linked folders included."""
    found = {f"counterpoise.{name}": ROOT / name for name in LINKED} | {"counterpoise": PACKAGE}
    return {
        ".".join((package, *path.relative_to(folder).with_suffix("").parts)).removesuffix(".__init__"): path
        for package, folder in found.items()
        for path in folder.rglob("*.py")
    }


@cache
def code(path: Path) -> Code:
    """Return a file, parsed once for all tests."""
    text = path.read_text(encoding="utf-8")
    nodes = tuple(ast.walk(ast.parse(text)))
    return Code(
        tuple(node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)),
        tuple(node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)),
        text.splitlines(),
    )


@cache
def imports() -> tuple[Import, ...]:
    known = modules()
    return tuple(each for name, path in known.items() for each in _imports_of(name, path, known))


def _imports_of(name: str, path: Path, known: dict[str, Path]) -> Iterator[Import]:
    for node in code(path).imports:
        if isinstance(node, ast.Import):
            yield from (Import(name, each.name, node.lineno) for each in node.names if _ours(each.name))
        elif _ours(node.module or ""):
            for each in node.names:
                full = f"{node.module}.{each.name}"
                yield Import(name, full if full in known else str(node.module), node.lineno)


def _ours(name: str) -> bool:
    return name.split(".", maxsplit=1)[0] == "counterpoise"


def room(module: str) -> str:
    return (*module.split("."), "")[1]


def test_every_room_has_a_place_among_the_layers() -> None:
    assert {room(name) for name in modules()} - {"", "_version", "__main__"} == set(LAYERS)


def test_no_import_goes_upwards() -> None:
    places = {name: place for place, name in enumerate(LAYERS)}
    inner = [each for each in imports() if room(each.importer) in places and room(each.imported) in places]
    upwards = [each for each in inner if places[room(each.imported)] > places[room(each.importer)]]
    assert len(inner) > 1000
    assert not upwards


def test_no_import_goes_past_a_door() -> None:
    past = [each for each in imports() if room(each.importer) != room(each.imported) and "._" in each.imported]
    assert not past


def test_every_module_of_a_room_is_private() -> None:
    public = [
        name
        for name in modules()
        if name.count(".") > 1 and room(name) not in LINKED and not name.split(".")[2].startswith("_")
    ]
    assert not public


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph: dict[str, set[str]] = {}
    for each in imports():
        graph.setdefault(each.importer, set()).add(each.imported)
    done: set[str] = set()

    def walk(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, f"circle: {' → '.join([*path[path.index(name) :], name])}"
        if name not in done:
            for other in sorted(graph.get(name, ())):
                walk(other, (*path, name))
            done.add(name)

    for name in sorted(graph):
        walk(name, ())


def test_no_function_has_more_than_40_lines_of_code() -> None:
    long = {
        f"{name}.{node.name}": length
        for name, path in modules().items()
        for node in code(path).functions
        if (length := lines_of_code(node, code(path).lines)) > 40
    }
    assert not long


def lines_of_code(function: ast.FunctionDef | ast.AsyncFunctionDef, text: list[str]) -> int:
    """Return the lines of a function without its docstring, comments and empty lines."""
    first = function.body[0]
    described = ast.get_docstring(function) is not None
    docstring = range(first.lineno, (first.end_lineno or 0) + 1) if described else ()
    lines = {number: text[number - 1].strip() for number in range(function.lineno, (function.end_lineno or 0) + 1)}
    return sum(number not in docstring and not line.startswith("#") for number, line in lines.items() if line)


def test_the_library_knows_nothing_of_prefect() -> None:
    library = [path for name, path in modules().items() if room(name) in LAYERS[: LAYERS.index("expectations")]]
    nodes = [node for path in library for node in code(path).imports]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    assert len(library) > 200
    assert not {name for name in names if name.split(".")[0] == "prefect"}


@pytest.mark.parametrize("name", sorted(each for each in LAYERS if each not in (*LINKED, "errors", "typing")))
def test_every_name_behind_a_door_is_there(name: str) -> None:
    door = importlib.import_module(f"counterpoise.{name}")
    assert all(getattr(door, each) is not None for each in door.__all__)


def test_every_name_on_a_door_is_asked_for_by_somebody_outside() -> None:
    users = {path: room(name) for name, path in modules().items()}
    users |= {path: "" for folder in ("benchmarks", "examples", "tools") for path in (ROOT / folder).rglob("*.py")}
    asked = {
        (room(str(node.module)), each.name)
        for path, own in users.items()
        for node in code(path).imports
        if isinstance(node, ast.ImportFrom)
        and node.module == f"counterpoise.{room(str(node.module))}" != f"counterpoise.{own}"
        for each in node.names
    }
    offered = {
        (name, each)
        for name in LAYERS
        if name not in (*LINKED, "errors", "typing")
        for each in importlib.import_module(f"counterpoise.{name}").__all__
    }
    documents = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md"))
    assert offered - asked == SHOWN - asked
    assert all(name in documents for _, name in SHOWN)


def test_every_room_has_its_row_for_developers() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z]+)` \|", text, flags=re.MULTILINE)
    rooms = [name for name in LAYERS if name not in (*LINKED, "errors", "typing")]
    assert rows == rooms[::-1]
    assert f"The library has {len(rooms)} rooms" in text


def test_the_public_face_loads_nothing_slow_before_it_is_asked() -> None:
    code = (
        "import sys, counterpoise; print(counterpoise.__all__); sys.exit(bool({'prefect', 'pandas'} & {*sys.modules}))"
    )
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    for name in (
        "balance",
        "balance_frame",
        "resample_frame",
        "open_version",
        "load_config",
        "BalanceConfig",
        "Sampler",
    ):
        assert f"'{name}'" in shown


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["balance_frame", "resample_frame", "open_version", "load_config", "BalanceConfig", "Sampler", "GroupTimeSplit",
     "StratifiedGroupSplit", "BalancedBatches"],
)  # fmt: skip
def test_a_public_name_of_the_library_loads_no_prefect(name: str) -> None:
    code = f"import sys; from counterpoise import {name}; sys.exit('prefect' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_package_runs_as_the_command() -> None:
    shown = subprocess.run([sys.executable, "-m", "counterpoise", "--help"], check=True, capture_output=True, text=True)
    assert "counterpoise" in shown.stdout
    assert "__main__" not in shown.stdout


def test_folders_of_the_top_level_are_links_in_the_package() -> None:
    for name in LINKED:
        assert (PACKAGE / name).readlink() == Path("..", name)


def test_setup_says_so_where_a_checkout_has_no_links(tmp_path: Path) -> None:
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes() if name == "Makefile" else b"")
    (tmp_path / "counterpoise").mkdir()
    for name in LINKED:  # as git writes a link where it may not make one
        (tmp_path / "counterpoise" / name).write_text(f"../{name}")
    done = subprocess.run(
        ["make", "setup", f"PYTHON={sys.executable}"], check=False, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "this checkout has no symbolic links" in done.stderr
    assert not (tmp_path / ".venv").exists()


@pytest.mark.slow
def test_wheels_from_the_tree_and_from_its_source_distribution_hold_every_file(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        here, there = ROOT / name, tree / name
        if here.is_symlink() or here.is_file():
            there.parent.mkdir(parents=True, exist_ok=True)
            there.symlink_to(here.readlink()) if here.is_symlink() else there.write_bytes(here.read_bytes())
    build = "import sys; from setuptools import build_meta as b; print(getattr(b, sys.argv[1])(sys.argv[2]))"
    quiet = {**os.environ, "PYTHONWARNINGS": "ignore"}

    def built(kind: str, where: Path) -> Path:
        done = subprocess.run(
            [sys.executable, "-c", build, kind, str(tmp_path)],
            cwd=where, check=True, capture_output=True, text=True, env=quiet,
        )  # fmt: skip
        return tmp_path / done.stdout.split()[-1]

    archive = built("build_sdist", tree)
    subprocess.run(["tar", "-xzf", str(archive), "-C", str(tmp_path)], check=True)
    unpacked = tmp_path / archive.name.removesuffix(".tar.gz")
    expected = {
        str(path.relative_to(tree))
        for path in (tree / "counterpoise").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    } | {
        f"counterpoise/{path.relative_to(tree)}"
        for name in LINKED
        for path in (tree / name).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    wheels = [
        built("build_wheel", where).rename(tmp_path / f"{number}.whl") for number, where in enumerate((tree, unpacked))
    ]
    held = [{name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name} for wheel in wheels]
    assert held == [expected, expected]
