"""Suites as files, in the JSON that Great Expectations itself reads and writes."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from counterpoise.core.errors import ConfigError
from counterpoise.core.validate import Suite
from counterpoise.core.validate.engine import quiet
from counterpoise.expectations.registration import register_expectations

__all__ = ["load_suite", "suite_document", "write_suite"]

_SEVERITIES = ("critical", "warning", "info")
_KEPT = ("type", "kwargs", "severity", "notes", "meta")
_NEEDS_SQL = frozenset(
    {
        "expect_query_results_to_match_comparison",
        "expect_table_row_count_to_equal_other_table",
        "unexpected_rows_expectation",
    }
)


def load_suite(path: str | Path) -> Suite:
    """Return the suite of a file that Great Expectations, `write_suite` or a person wrote.

    Raises:
        ConfigError: The file cannot be read, is no suite, or holds an expectation that cannot be run, with its
            position and what is wrong.
    """
    path = Path(path)
    document = _read(path)
    found = document.get("expectations")
    if not isinstance(found, list):
        raise _not_a_suite(path, "no list named 'expectations'")
    register_expectations()
    with quiet():
        return Suite(
            source="suite",
            expectations=tuple(_checked(each, f"{path}, expectation {number}") for number, each in enumerate(found, 1)),
        )


def write_suite(path: str | Path, name: str, expectations: Sequence[Mapping[str, Any]]) -> None:
    """Write a suite that Great Expectations reads with `ExpectationSuite(**json)`.

    Args:
        path: Where to write; the folder is made.
        name: The suite's name.
        expectations: In JSON form, with `type`, `kwargs` and, optionally, `severity`, `notes` and `meta`.
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
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            "suite_not_readable",
            expected="a suite file in validation.suite",
            found=f"{path}: {error.strerror or error}",
            remedy="correct validation.suite, or leave it empty to use the built-in contract alone",
            values={"path": str(path)},
        ) from None
    except (ValueError, RecursionError) as error:
        raise _not_a_suite(path, f"no JSON: {error}") from None
    if not isinstance(document, dict):
        raise _not_a_suite(path, f"a JSON {type(document).__name__}")
    return document


def _not_a_suite(path: Path, found: str) -> ConfigError:
    return ConfigError(
        "not_a_suite",
        expected="a Great Expectations suite as JSON: an object with name and expectations",
        found=f"{path}: {found}",
        remedy="export the suite again, for example with json.dumps(suite.to_json_dict())",
        values={"path": str(path)},
    )


def _checked(expectation: Any, place: str) -> dict[str, Any]:
    """Return one expectation with the keys we use, after Great Expectations has accepted it."""
    if not isinstance(expectation, dict) or not isinstance(expectation.get("type"), str):
        raise _bad_expectation(place, "no 'type'", "give each expectation a type and kwargs")
    kept = {key: expectation[key] for key in _KEPT if expectation.get(key) is not None}
    kept["kwargs"] = expectation.get("kwargs", {})
    _check_type(kept["type"], place)
    if kept.get("severity", "critical") not in _SEVERITIES:
        raise _bad_expectation(place, f"severity {kept['severity']!r}", f"use one of {', '.join(_SEVERITIES)}")
    if not isinstance(kept["kwargs"], dict):
        raise _bad_expectation(place, "kwargs that are no object", "write kwargs as a JSON object")
    if "$PARAMETER" in json.dumps(kept["kwargs"]):
        raise _bad_expectation(place, "a suite parameter ($PARAMETER)", "write the value itself into the suite")
    _check_kwargs(kept, place)
    return kept


def _check_type(kind: str, place: str) -> None:
    from great_expectations.expectations.registry import list_registered_expectation_implementations

    known = sorted(set(list_registered_expectation_implementations()) - _NEEDS_SQL)
    if kind in known:
        return
    if kind in _NEEDS_SQL:
        raise _bad_expectation(place, f"{kind}, which needs a SQL source", "take it out of the suite")
    close = difflib.get_close_matches(kind, known, n=3)
    hint = f"perhaps {', '.join(close)}" if close else "see the gallery of Great Expectations for the known ones"
    raise _bad_expectation(place, f"the unknown type {kind!r}", hint)


def _check_kwargs(expectation: dict[str, Any], place: str) -> None:
    """Let Great Expectations build the expectation: it knows its keywords and their types."""
    from great_expectations.compatibility import pydantic
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    configuration = ExpectationConfiguration(type=expectation["type"], kwargs=dict(expectation["kwargs"]))
    try:
        configuration.to_domain_obj()
    except pydantic.ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, part['loc']))}: {part['msg']}" for part in error.errors()[:5])
        found = f"kwargs that {expectation['type']} does not take: {wrong}"
        raise _bad_expectation(place, found, "correct the kwargs") from None
    except Exception as error:  # noqa: BLE001  # whatever it refuses is a fault of the file
        raise _bad_expectation(place, f"{expectation['type']}: {error}", "correct the kwargs") from None


def _bad_expectation(place: str, found: str, remedy: str) -> ConfigError:
    return ConfigError(
        "bad_expectation",
        expected="an expectation that Great Expectations knows",
        found=f"{found} ({place})",
        remedy=remedy,
        values={"place": place},
    )
