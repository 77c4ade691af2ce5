"""Read and write suites as files in Great Expectations' JSON format."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from counterpoise.errors import ConfigError
from counterpoise.expectations.registration import MODULES, register_expectations
from counterpoise.records import read_strictly
from counterpoise.validate import Suite, bad_expectation, check_expectation, known_types, quiet

_MAX_BYTES = 64 * 2**20
_MOST = 100_000
_KEPT = ("type", "kwargs", "severity", "notes", "meta")
_IGNORED = ("id", "description", "expectation_context", "rendered_content", "success_on_last_run")
_SUITE = ("name", "expectations", "meta", "notes")
_SUITE_IGNORED = ("id", "expectation_suite_name", "ge_cloud_id", "data_asset_type")


def load_suite(path: str | Path) -> Suite:
    """Load a suite from a file written by Great Expectations, `write_suite` or a person.

    A suite is plain data: anything that could make Great Expectations execute text, resolve a name or fetch something
    is rejected.

    Raises:
        ConfigError: The file cannot be read, is not a suite, or contains an unsupported expectation; the error gives
            its position and the problem. Nothing was run.
    """
    path = Path(path)
    document = _read(path)
    found = document.get("expectations")
    if not isinstance(found, list):
        raise _not_a_suite(path, "no list named 'expectations'")
    if len(found) > _MOST:
        raise _not_a_suite(path, f"{len(found):,} expectations, more than {_MOST:,}")
    _register(found)
    with quiet():
        return Suite(
            source="suite",
            expectations=tuple(_checked(each, f"{path}, expectation {number}") for number, each in enumerate(found, 1)),
        )


def _register(expectations: list[Any]) -> None:
    """Register what a suite needs: its types, or all if one is unknown, as its error suggests others."""
    kinds = {str(each.get("type")) for each in expectations if isinstance(each, Mapping)}
    register_expectations(kinds if kinds <= known_types() | MODULES.keys() else MODULES.keys())


def write_suite(path: str | Path, name: str, expectations: Sequence[Mapping[str, Any]]) -> None:
    """Write a suite that Great Expectations reads with `ExpectationSuite(**json)`.

    Args:
        path: The file to write; its folder is created.
        name: The suite's name.
        expectations: Expectations in JSON form, with `type`, `kwargs` and, optionally, `severity`, `notes` and `meta`.
    """
    text = json.dumps(suite_document(name, expectations), indent=2, ensure_ascii=False, allow_nan=False)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text + "\n", encoding="utf-8")


def suite_document(name: str, expectations: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the JSON document of a suite."""
    import importlib.metadata

    version = importlib.metadata.version("great_expectations")
    kept = [{key: each[key] for key in _KEPT if each.get(key) is not None} for each in expectations]
    return {"name": name, "expectations": kept, "meta": {"great_expectations_version": version}}


def _read(path: Path) -> dict[str, Any]:
    """Return the file's JSON after checking for unique keys, finite numbers and texts that can be encoded."""
    try:
        if not path.is_file():
            raise _not_readable(path, "No such file" if not path.exists() else "not a regular file")
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise _not_readable(path, str(error.strerror or error)) from None
    if len(content) > _MAX_BYTES:
        raise _not_a_suite(path, f"more than {_MAX_BYTES:,} bytes")
    try:
        document = read_strictly(content)
        json.dumps(document, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise _not_a_suite(path, f"invalid JSON: {error}") from None
    if not isinstance(document, dict):
        raise _not_a_suite(path, f"a JSON {type(document).__name__}")
    _check_keys(document, _SUITE, _SUITE_IGNORED, str(path))
    return document


def _not_readable(path: Path, found: str) -> ConfigError:
    return ConfigError(
        "suite_not_readable",
        expected="a suite file in validation.suite",
        found=f"{path}: {found}",
        remedy="correct validation.suite, or leave it empty to use only the built-in contract",
        values={"path": str(path)},
    )


def _not_a_suite(path: Path, found: str) -> ConfigError:
    return ConfigError(
        "not_a_suite",
        expected="a Great Expectations suite as JSON: an object with name and expectations",
        found=f"{path}: {found}",
        remedy="export the suite again, for example with json.dumps(suite.to_json_dict())",
        values={"path": str(path)},
    )


def _checked(expectation: Any, place: str) -> dict[str, Any]:
    """Check one expectation, also with Great Expectations, and return the parts that Counterpoise uses."""
    if isinstance(expectation, dict):
        _check_keys(expectation, _KEPT, _IGNORED, place)
    kept = check_expectation(expectation, place)
    _check_kwargs(kept, place)
    return kept


def _check_keys(found: Mapping[str, Any], kept: Sequence[str], ignored: Sequence[str], place: str) -> None:
    for key, value in found.items():
        if key not in (*kept, *ignored) and value:
            raise bad_expectation(place, f"the key {key[:100]!r}", f"remove it; the keys are {', '.join(kept)}")


def _check_kwargs(expectation: dict[str, Any], place: str) -> None:
    """Let Great Expectations build the expectation, which checks its keywords and their types."""
    from great_expectations.compatibility import pydantic
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    configuration = ExpectationConfiguration(type=expectation["type"], kwargs=dict(expectation["kwargs"]))
    try:
        configuration.to_domain_obj()
    except pydantic.ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, part['loc']))}: {part['msg']}" for part in error.errors()[:5])
        found = f"kwargs that {expectation['type']} does not support: {wrong}"
        raise bad_expectation(place, found, "correct the kwargs") from None
    except Exception as error:  # noqa: BLE001  # any failure here is an error in the file
        raise bad_expectation(place, f"{expectation['type']}: {error}", "correct the kwargs") from None
