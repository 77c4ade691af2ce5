from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from counterpoise.report._data import ReportData


def test_the_report_is_data_that_survives_json(make_data: Any, metrics: dict[str, Any]) -> None:
    data = make_data(metrics=metrics)
    assert ReportData.model_validate_json(data.model_dump_json()) == data


def test_source_classes_are_those_of_all_partitions(make_data: Any) -> None:
    data = make_data()
    assert data.source.classes == {"no": 2_400, "yes": 600}
    assert data.source.imbalance.degree == "mild"


def test_secrets_and_absolute_paths_stay_out(make_data: Any) -> None:
    data = make_data(path="/srv/ann/secret/people.csv", root="/srv/ann/datasets")
    assert "/srv/ann" not in data.model_dump_json()
    assert data.source.location == "people.csv"
    assert data.persist.address == "datasets/people@7"


def test_the_command_defaults_to_running_the_configuration(make_data: Any) -> None:
    assert make_data().reproducibility.command == "counterpoise run people.yaml"
    assert make_data(command="counterpoise demo").reproducibility.command == "counterpoise demo"


def test_a_report_is_frozen(make_data: Any) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        make_data().title = "other"


def test_only_smote_states_its_neighbours(make_data: Any) -> None:
    assert set(make_data(strategy="smote").resampling.options) == {"k_neighbors", "scale", "ratio"}
    assert set(make_data(strategy="random_over").resampling.options) == {"ratio"}
    assert make_data(strategy="none").resampling.options == {}


def test_the_time_of_making_is_in_utc(make_data: Any) -> None:
    assert make_data().created == "2025-01-02T03:04:05+00:00"
    assert datetime.fromisoformat(make_data().created) < datetime.now(UTC) - timedelta(days=1)
