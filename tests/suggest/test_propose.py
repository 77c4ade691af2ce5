from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.config import BalanceConfig, ResamplingConfig, SourceConfig, build_config, load_config
from counterpoise.config._yaml_text import parse_mapping
from counterpoise.errors import ColumnNotFoundError
from counterpoise.suggest._balance import describe_classes
from counterpoise.suggest._config import propose_config, with_resampling
from counterpoise.suggest._profile import profile_column
from counterpoise.suggest._render import render_config
from tests.compare.test_choice import correlated
from tests.snapshots import mixed_table, snapshot_of

CSV = SourceConfig(path="data.csv")
ROWS = 400


def start(source: SourceConfig = CSV, *overrides: str, target: str = "label") -> BalanceConfig:
    return build_config({"name": "tested", "source": dict(source), "columns": {"target": target}}, overrides)


def propose(
    folder: Path, source: SourceConfig = CSV, kind: str = "delimited", **columns: Any
) -> tuple[BalanceConfig, dict[str, str]]:
    rng = np.random.default_rng(0)
    data = {
        "x": rng.normal(size=ROWS),
        "n": rng.integers(0, 9, ROWS),
        "label": np.where(np.arange(ROWS) < 40, "yes", "no"),
    }
    snapshot = snapshot_of(pa.table({**data, **columns}), folder)
    snapshot = snapshot.model_copy(update={"format": kind})
    return propose_config(snapshot, start(source))


def decided(folder: Path, **columns: Any) -> tuple[BalanceConfig, dict[str, str]]:
    """Return a proposal and its strategy, decided by evidence."""
    config, comments = propose(folder, **columns)
    snapshot = snapshot_of(pq.read_table(folder / "source.parquet"), folder / "again")
    return with_resampling(config, comments, snapshot, folder=folder / "trial")


def test_mixed_data_get_ids_and_a_time_column(tmp_path: Path) -> None:
    table = mixed_table(2000).drop_columns(["price", "word", "kind", "flag"])
    config, comments = propose_config(snapshot_of(table, tmp_path), start())
    assert config.columns.ids == ("id",)
    assert config.columns.time == "at"
    assert "day" in comments["columns.time"]
    assert "Imbalance: moderate." in comments["columns.target"]


def test_a_missing_target_is_named(tmp_path: Path) -> None:
    with pytest.raises(ColumnNotFoundError, match=r"columns\.target"):
        propose_config(snapshot_of(mixed_table(10), tmp_path), start(target="lable"))


@pytest.mark.parametrize(
    ("name", "values", "is_id"),
    [
        ("any", [f"k{number}" for number in range(ROWS)], True),
        ("any", [f"k{number // 2}" for number in range(ROWS)], False),
        ("any", [*(f"k{number}" for number in range(ROWS - 1)), None], False),
        ("any", np.arange(ROWS) + 17, True),
        ("any", np.arange(ROWS)[::-1], True),
        ("any", np.arange(ROWS) * 3, False),
        ("customerID", np.arange(ROWS) * 3, True),
        ("row_id", np.arange(ROWS) * 3, True),
        ("paid", np.arange(ROWS) * 3, False),
        ("id", np.arange(ROWS) / 7, False),
    ],
)
def test_what_identifies_every_row_is_an_id(name: str, values: Any, is_id: bool, tmp_path: Path) -> None:
    config, comments = propose(tmp_path, **{name: values})
    assert (name in config.columns.ids) is is_id
    assert ("columns.ids" in comments) is is_id


def test_repeated_identifiers_whose_rows_are_not_alike_are_suggested_as_groups(tmp_path: Path) -> None:
    config, comments = propose(tmp_path, patient_id=np.arange(ROWS) % (ROWS // 4))
    assert config.columns.group == ""
    assert config.columns.ids == ("patient_id",)
    assert "If rows of one 'patient_id' belong together, set group to it" in comments["columns.group"]
    assert "about 347 rows would be apart" in comments["columns.group"]


def test_a_role_that_the_user_gives_is_kept(tmp_path: Path) -> None:
    config = start(CSV, "columns.drop=[n]", "columns.ids=[]", "resampling.strategy=smote", "split.rare_classes=reject")
    rows = np.arange(ROWS)
    label = np.where(rows < 40, "yes", np.where(rows < 42, "rare", "no"))
    table = pa.table({"key": [f"k{row}" for row in rows], "n": rows % 9, "label": label})
    proposed, comments = propose_config(snapshot := snapshot_of(table, tmp_path), config)
    assert (proposed.columns.drop, proposed.columns.ids) == (("n",), ())
    assert proposed.split.rare_classes == "reject"
    assert not {"columns.ids", "columns.drop", "split.rare_classes"} & comments.keys()
    assert with_resampling(proposed, comments, snapshot, folder=tmp_path / "trial")[0].resampling == config.resampling


def test_a_group_that_the_split_cannot_keep_together_is_only_pointed_out(tmp_path: Path) -> None:
    rows = np.arange(ROWS)
    label = np.where(rows < 40, "yes", "no")
    columns = {"x": np.random.default_rng(0).normal(size=ROWS), "patient_id": np.where(rows < 40, 7, rows // 4)}
    snapshot = snapshot_of(pa.table({**columns, "label": label}), tmp_path)
    config, comments = propose_config(snapshot, start())
    assert config.columns.group == "patient_id"
    config, comments = with_resampling(config, comments, snapshot, folder=tmp_path / "trial")
    assert (config.columns.group, config.columns.ids) == ("", ("patient_id",))
    assert "Not set, because then the split needs" in comments["columns.group"]


def test_other_splits_are_suggested_for_tables_with_a_time_and_for_sources_that_grow(tmp_path: Path) -> None:
    at = pa.array(np.arange(ROWS), pa.timestamp("s"))
    _, comments = propose(tmp_path / "a", happened=at)
    assert "Set time, with windows and a delay" in comments["split.method"]
    assert "stable" not in comments["split.method"]
    for number, source in enumerate(
        ({"path": "deliveries"}, {"path": "in/*.csv"}, {"url": "sqlite:///x", "table": "t"})
    ):
        config, comments = propose(tmp_path / str(number), SourceConfig.model_validate(source))
        assert comments["split.method"].startswith("Drawn by class. Set stable if the source grows")
        assert config.split.method == "random"
    assert "split.method" not in propose(tmp_path / "c")[1]


def test_columns_without_a_value_are_dropped(tmp_path: Path) -> None:
    empty = {"a": pa.nulls(ROWS), "b": pa.array([float("nan")] * ROWS), "c": pa.nulls(ROWS, pa.string())}
    config, comments = propose(tmp_path, **empty)
    assert config.columns.drop == ("a", "b", "c")
    assert "columns.drop" in comments


def test_a_feature_is_always_left(tmp_path: Path) -> None:
    table = pa.table({"id": [f"k{number}" for number in range(50)], "label": [0, 1] * 25})
    config, _ = propose_config(snapshot_of(table, tmp_path), start())
    assert config.columns.ids == ()


def test_tokens_for_missing_values_are_found_in_texts(tmp_path: Path) -> None:
    words = ["?", "NA ", "unknown", "w", "-"] * (ROWS // 5)
    config, comments = propose(tmp_path, w=words)
    assert config.source.missing_values == ("", "?", "NA", "-")
    assert "'?' (80 in 'w')" in comments["source.missing_values"]


@pytest.mark.parametrize(
    ("kind", "source"),
    [
        ("parquet", SourceConfig(path="data.parquet")),
        ("parquet", SourceConfig(path="folder")),
        ("sql", SourceConfig.model_validate({"url": "sqlite:///x.db", "table": "t"})),
        ("delimited", SourceConfig(path="data.csv", missing_values=("?",))),
    ],
)
def test_tokens_are_left_alone_where_they_are_values_or_known(kind: str, source: SourceConfig, tmp_path: Path) -> None:
    config, comments = propose(tmp_path, source, kind, w=["?", "w"] * (ROWS // 2))
    assert config.source == source
    assert "source.missing_values" not in comments


def test_a_token_in_the_label_is_a_class(tmp_path: Path) -> None:
    config, _ = propose(tmp_path, label=["NA", "?"] * (ROWS // 2))
    assert config.source == CSV


@pytest.mark.slow
@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        (
            {"label": ["a"] * 340 + ["b"] * 60},
            "No strategy was better than no resampling beyond noise, by average precision in 5-fold",
        ),
        ({"label": ["a", "b"] * 200}, "The classes are balanced"),
        ({}, "With 24 train rows beside the largest class"),
        ({"label": ["a"] * 395 + ["b"] * 5}, "With 3 train rows beside the largest class"),
        ({"label": ["a"] * 300 + ["b"] * 98 + ["c"] * 2}, "-fold cross-validation of 24"),
        ({"label": ["a"] * ROWS}, "Not tried: needs"),
    ],
)
def test_none_is_proposed_with_the_evidence_where_nothing_helps(
    columns: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    config, comments = decided(tmp_path, **columns)
    assert config.resampling.strategy == "none"
    assert reason in comments["resampling.strategy"]


@pytest.mark.slow
def test_a_strategy_is_proposed_with_the_evidence_where_it_helps(tmp_path: Path) -> None:
    snapshot = snapshot_of(correlated(4_000), tmp_path)
    config, comments = propose_config(snapshot, start())
    config, comments = with_resampling(config, comments, snapshot, folder=tmp_path / "trial")
    assert config.resampling.strategy != "none"
    assert "was better than no resampling beyond noise" in comments["resampling.strategy"]
    assert comments["resampling.strategy"].endswith("The report says whether it helped.")


def test_rare_classes_are_kept_in_train_so_that_the_proposal_runs(tmp_path: Path) -> None:
    config, comments = propose(tmp_path / "a", label=["a"] * 200 + ["d"] * 197 + ["b"] * 2 + ["c"])
    assert config.split.rare_classes == "train_only"
    assert "'b' (2 rows), 'c' (1 row)" in comments["split.rare_classes"]
    assert "train_only" in comments["split.rare_classes"]
    _, comments = propose(tmp_path / "b", label=["a"] * 398 + ["b"] * 2)
    assert "'b' (2 rows). Collect more rows" in comments["split.rare_classes"]


def test_labels_without_a_value_are_told(tmp_path: Path) -> None:
    _, comments = propose(tmp_path, label=[*["a", "b"] * 199, None, None])
    assert comments["columns.target"].endswith("Rows without a label are rejected: 2.")
    _, comments = propose(tmp_path, label=pa.nulls(ROWS, pa.string()))
    assert comments["columns.target"] == "No row has a label."


LABEL = np.arange(ROWS) < 40


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.where(LABEL, 5.0, 1.0) + np.arange(ROWS) / ROWS, "ROC-AUC 1.000"),
        (np.where(LABEL, 1.0, 5.0) + np.arange(ROWS) / ROWS, "ROC-AUC 1.000"),
        (LABEL.astype("i1"), "1 indicates class 'yes' in 40 of 40 rows"),
        (np.arange(ROWS) < 12, "True indicates class 'yes' in 12 of 12 rows"),
        (pa.array(np.where(np.arange(ROWS) < 12, "late", "")).dictionary_encode(), "'late' indicates class 'yes'"),
        (np.arange(ROWS) < 9, ""),
        (np.arange(ROWS) < 60, ""),
        (np.arange(ROWS) % 2 == 0, ""),
        (pa.array([None] * 390 + [1.0] * 10), ""),
        (
            pa.array([f"boat {row}" if row < 30 else None for row in range(ROWS)]),
            "having a value indicates class 'yes'",
        ),
        (
            np.where(np.arange(ROWS) < 40, np.nan, np.arange(ROWS) * 7 % 97),
            "a missing value indicates class 'yes' in 40",
        ),
        (np.where(np.arange(ROWS) < 25, np.arange(ROWS) / 7 + 0.5, 0.0), "a value other than 0 indicates class 'yes'"),
        (np.where(np.arange(ROWS) % 16 == 0, np.arange(ROWS) / 7 + 0.5, 0.0), ""),
    ],
)
def test_features_that_give_the_label_away_are_pointed_out(values: Any, reason: str, tmp_path: Path) -> None:
    config, comments = propose(tmp_path, told=values)
    if reason:
        assert "told: " in comments["columns"]
        assert reason in comments["columns"]
    else:
        assert "told" not in comments.get("columns", "")
    assert config.columns.drop == ()


def test_many_classes_are_told_in_one_line() -> None:
    told = describe_classes({f"c{number}": number + 1 for number in range(30)})
    assert told.startswith("30 classes: c29 30 (0.0645), c28 29")
    assert "24 more, c0 1 (0.00215). Imbalance: moderate." in told


def test_a_profile_counts_missing_infinite_and_distinct_values() -> None:
    nan, inf = float("nan"), float("inf")
    profile = profile_column("x", pa.chunked_array([[1.0, 2.0, None], [nan, inf, 2.0, 3.0]]))
    assert (profile.rows, profile.missing, profile.distinct, profile.infinite) == (7, 2, 4, 1)
    assert profile.quantiles == (1.0, 1.0, 2.0, 2.0, 3.0)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
NAMES = st.lists(TEXTS, min_size=4, max_size=4, unique=True)


@given(
    names=NAMES,
    tokens=st.lists(TEXTS, max_size=3),
    path=TEXTS,
    comments=st.dictionaries(st.sampled_from(["columns", "seed", "split.rare_classes"]), TEXTS),
)
def test_a_rendered_configuration_loads_back_equal(
    names: list[str], tokens: list[str], path: str, comments: dict[str, str]
) -> None:
    config = BalanceConfig.model_validate(
        {
            "name": "tested",
            "seed": 7,
            "source": {"path": path, "missing_values": tokens, "types": [f"{names[0]}=string"]},
            "columns": {"target": names[0], "ids": names[1:3], "time": names[3]},
            "split": {"rare_classes": "train_only"},
            "resampling": {"strategy": "random_under", "options": '{"replacement": true}'},
            "evaluation": {"enabled": False, "learners": ["random_forest"]},
        }
    )
    text = render_config(config, comments, "expectations/tested.json")
    suited = config.validation.model_copy(update={"suite": "expectations/tested.json"})
    loaded = build_config(parse_mapping(text, name="tested.yaml"))
    assert loaded == config.model_copy(update={"validation": suited})


@pytest.mark.parametrize(
    "name", ["yes", "NO", "y", "null", "~", "1e5", "007", "12:30", "- x", "a: b", "# x", "", " x "]
)
def test_names_that_yaml_would_misread_are_quoted(name: str, tmp_path: Path) -> None:
    config = BalanceConfig.model_validate(
        {"name": "tested", "source": {"path": "p", "missing_values": [name]}, "columns": {"target": name or "x"}}
    )
    file = tmp_path / "tested.yaml"
    file.write_text(render_config(config, {}, ""), encoding="utf-8")
    assert load_config(file) == config


def test_only_what_matters_is_written(tmp_path: Path) -> None:
    config, comments = propose(tmp_path)
    comments["resampling.strategy"] = "Nothing was better beyond noise."
    config = config.model_copy(update={"resampling": ResamplingConfig(strategy="none")})
    assert render_config(config, comments, "expectations/tested.json") == EXPECTED


EXPECTED = """\
# How Counterpoise makes this dataset. Omitted fields have their default values.

name: tested
seed: 0

source:
  path: data.csv

columns:
  # 2 classes: no 360 (0.9), yes 40 (0.1). Imbalance: moderate.
  target: label

validation:
  suite: expectations/tested.json
  on_invalid_rows: quarantine

split:
  test_size: 0.2
  validation_size: 0.2

resampling:
  # Nothing was better beyond noise.
  strategy: none

output:
  root: datasets
"""


def test_a_database_address_keeps_its_variables_and_shows_no_password(tmp_path: Path) -> None:
    url = "postgresql://ann:${PGPASSWORD}@db/prod"
    source = SourceConfig.model_validate({"url": url, "table": "t"})
    config, comments = propose(tmp_path, source)
    text = render_config(config, comments, "")
    assert url in text
    file = tmp_path / "tested.yaml"
    file.write_text(text, encoding="utf-8")
    assert load_config(file) == config
