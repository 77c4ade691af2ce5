from __future__ import annotations

import copy
import json
import pickle

import pytest

from counterpoise import errors
from counterpoise.errors import ColumnNotFoundError, CounterpoiseError, SplitError

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, CounterpoiseError)]


def error_of(kind: type[CounterpoiseError]) -> CounterpoiseError:
    return kind("some_reason", expected="this", found="that", remedy="do so", values={"rows": 3})


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_survives_pickling_and_copying(kind: type[CounterpoiseError]) -> None:
    error = error_of(kind)
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):  # noqa: S301  # our own bytes
        assert type(again) is kind
        assert again.as_dict() == error.as_dict()
        assert str(again) == str(error)


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_says_what_was_expected_and_found_and_what_to_do(kind: type[CounterpoiseError]) -> None:
    error = error_of(kind)
    assert str(error) == f"[{kind.stage}: some_reason] Expected this. Found that. What to do: do so."
    assert json.loads(json.dumps(error.as_dict()))["values"] == {"rows": 3}


@pytest.mark.parametrize("kind", KINDS)
def test_exit_codes_tell_bad_input_from_failures_of_ours(kind: type[CounterpoiseError]) -> None:
    failures = {"CounterpoiseError", "EngineError", "IntegrityError", "MachineError", "PublishError"}
    ours = {*failures, "StorageUnavailableError"}
    assert kind.exit_code == (1 if kind.__name__ in ours else 2)


def test_the_values_of_an_error_are_its_own() -> None:
    values = {"rows": 3}
    error = CounterpoiseError("r", expected="a", found="b", remedy="c", values=values)
    values["rows"] = 4
    assert error.values == {"rows": 3}


def test_a_missing_column_is_answered_with_close_names() -> None:
    error = ColumnNotFoundError.from_names(["amout"], ["amount", "label"], field="columns.drop")
    assert "perhaps 'amount' for 'amout'" in error.remedy
    assert error.values == {"missing": ["amout"], "available": ["amount", "label"], "field": "columns.drop"}


def test_a_missing_column_of_a_wide_table_lists_only_the_first_ones() -> None:
    error = ColumnNotFoundError.from_names(["zzz"], (f"c{n}" for n in range(5000)), field="columns.target")
    assert error.found.startswith("5000 columns: 'c0', 'c1'")
    assert error.found.endswith("…")
    assert len(error.found) < 300
    assert "perhaps" not in error.remedy


def test_an_error_rebuilt_from_its_message_alone_says_the_same() -> None:
    """As Prefect does with the stored failure of another process."""
    error = SplitError("single_class", expected="two", found="one", remedy="look")
    assert str(SplitError(str(error))) == str(error)
