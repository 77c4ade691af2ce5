from __future__ import annotations

import sys
from pathlib import Path

import pytest
from jinja2 import DictLoader, Environment

from counterpoise.report._compiled_templates import compiled_templates

OPTIONS = {"autoescape": True}


class Counted(Environment):
    """Counts the templates that it compiles."""

    compiled = 0

    def compile(self, *arguments: object, **named: object) -> object:  # type: ignore[override]  # all of its forms
        self.compiled += 1
        return super().compile(*arguments, **named)  # type: ignore[call-overload]


def rendered(folder: Path, text: str = "{{ 1 + 1 }}", options: dict[str, bool] = OPTIONS) -> tuple[str, int]:
    """Render a template in a new environment; return the result and how many templates were compiled."""
    cache = compiled_templates(folder, options)
    environment = Counted(loader=DictLoader({"page": text}), bytecode_cache=cache)
    return environment.get_template("page").render(), environment.compiled


@pytest.fixture(autouse=True)
def _may_write(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)


def kept(folder: Path) -> list[Path]:
    return list((folder / "__pycache__").iterdir())


def test_a_template_is_compiled_once(tmp_path: Path) -> None:
    assert [rendered(tmp_path) for _ in range(3)] == [("2", 1), ("2", 0), ("2", 0)]


def test_a_changed_template_or_option_is_compiled_anew(tmp_path: Path) -> None:
    rendered(tmp_path)
    assert rendered(tmp_path, "{{ 2 + 1 }}") == ("3", 1)
    assert rendered(tmp_path, "{{ 2 + 1 }}", {"autoescape": False}) == ("3", 1)


@pytest.mark.parametrize("damaged", [b"", b"j2", b"\x80\x05garbage", "long"])
def test_a_damaged_file_is_compiled_anew(tmp_path: Path, damaged: bytes | str) -> None:
    rendered(tmp_path)
    (file,) = kept(tmp_path)
    file.write_bytes(file.read_bytes()[:-7] if isinstance(damaged, str) else damaged)
    assert rendered(tmp_path) == ("2", 1)
    assert rendered(tmp_path) == ("2", 0)


def test_a_place_that_takes_no_files_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "__pycache__").write_text("in the way")
    assert rendered(tmp_path) == ("2", 1)


def test_nothing_is_kept_if_python_writes_no_compiled_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert rendered(tmp_path) == ("2", 1)
    assert list(tmp_path.iterdir()) == []
