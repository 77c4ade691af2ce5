from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterpoise.config import build_config
from counterpoise.errors import CounterpoiseError, ResamplingError
from counterpoise.flows.balance import balance
from counterpoise.frames import BalancedFrame, balance_frame
from counterpoise.tasks.stage import without_prefect
from counterpoise.versions import open_version
from tests.frames.kinds import EXTENSIONS, KINDS, NESTED, frame_of

ROWS = 200


def originals_are_the_frames_own(balanced: BalancedFrame[pd.DataFrame], frame: pd.DataFrame) -> None:
    """Check dtypes of all rows, and values and index of those that are not synthetic."""
    for name in ("train", "validation", "test"):
        part, rows = getattr(balanced, name), balanced.keys[name]["source_row"]
        pd.testing.assert_series_equal(part.dtypes, frame.dtypes)
        original = rows.notna().to_numpy()
        expected = frame.iloc[rows[original].astype(int)]
        pd.testing.assert_frame_equal(part[original], expected)


@pytest.mark.parametrize("kind", KINDS)
def test_rows_of_every_kind_of_column_come_back_as_they_were(kind: str) -> None:
    frame = frame_of(KINDS[kind](ROWS))
    before = frame.copy(deep=True)
    strategy = "random_over" if kind in NESTED else "smote"
    balanced = balance_frame(frame, target="label", strategy=strategy)  # type: ignore[arg-type]
    pd.testing.assert_frame_equal(frame, before)
    originals_are_the_frames_own(balanced, frame)
    assert balanced.keys["train"]["origin"].value_counts()["repeated" if kind in NESTED else "synthetic"] > 50
    assert {type(value) for value in balanced.train["given"]} <= {type(value) for value in frame["given"]}


def test_an_arrow_column_that_pandas_cannot_select_from_comes_back() -> None:
    words = pa.chunked_array([[str(number % 3) for number in range(ROWS)]], pa.string_view())
    frame = frame_of(pd.Series(words, dtype=pd.ArrowDtype(pa.string_view())))
    balanced = balance_frame(frame, target="label", strategy="smote")
    assert balanced.train["given"].dtype == frame["given"].dtype
    rows = balanced.keys["test"]["source_row"]
    assert pa.array(balanced.test["given"].array).to_pylist() == [str(row % 3) for row in rows]


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_frame_gives_the_rows_that_its_parquet_file_gives(kind: str, tmp_path: Path) -> None:
    frame = frame_of(KINDS[kind](ROWS)).reset_index(drop=True)
    try:
        frame.to_parquet(tmp_path / "rows.parquet")
    except (pa.ArrowException, TypeError, OverflowError):
        pytest.skip("pandas cannot write it")
    if kind in EXTENSIONS:
        with pytest.raises(ResamplingError, match="extension<pandas"):
            published_keys(tmp_path, "none")
        return
    strategy = "random_under" if kind in NESTED else "smote"
    balanced = balance_frame(frame, target="label", strategy=strategy, columns={"categorical": ["given"]})  # type: ignore[arg-type]
    from_frame = balanced.keys
    from_file = published_keys(tmp_path, strategy)
    for name in ("train", "validation", "test"):
        for column in ("source_row", "parent_a", "parent_b"):
            assert from_frame[name][column].tolist() == from_file[name][column].tolist()


def published_keys(folder: Path, strategy: str) -> dict[str, pd.DataFrame]:
    """Return the keys of the version that the stages of a run publish from a file."""
    config = build_config(
        {
            "name": "rows",
            "source": {"path": str(folder / "rows.parquet")},
            "columns": {"target": "label", "categorical": ["given"]},
            "resampling": {"strategy": strategy},
            "output": {"root": str(folder / "out")},
            "evaluation": {"enabled": False},
        }
    )
    with without_prefect():
        version = balance.fn(config)
    opened = open_version(f"{version.root}/{version.dataset}")
    return {name: opened.to_pandas(f"keys/{name}") for name in ("train", "validation", "test")}


NO_INDEX = {"numpy float16"}
"""Kinds of columns of which pandas makes no index."""
STRATEGIES_OF_FRAMES = ("none", "weights", "random_over", "random_under", "smote", "smote_tomek", "tomek_links")


@pytest.mark.slow
@settings(max_examples=60)
@given(st.data())
def test_frames_of_any_kinds_come_back_or_are_refused_by_name(data: st.DataObject) -> None:
    kinds = data.draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=5))
    rows = data.draw(st.integers(5, 30)) * 4
    frame = pd.DataFrame({kind: KINDS[kind](rows) for kind in kinds}).assign(label=np.arange(rows) % 5 == 0)
    index = data.draw(st.sampled_from([None, *kinds]))
    if index is not None and index not in NO_INDEX:
        frame = frame.set_index(index, drop=False)
    strategy: Any = data.draw(st.sampled_from(STRATEGIES_OF_FRAMES))
    try:
        balanced = balance_frame(frame, target="label", strategy=strategy, seed=data.draw(st.integers(0, 9)))
    except CounterpoiseError as error:
        assert error.remedy  # noqa: PT017
        return
    originals_are_the_frames_own(balanced, frame)
