from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from counterpoise.errors import CounterpoiseError, InputError
from counterpoise.frames._balance import balance_frame


def frame(rows: int = 1500, *, share: float = 0.1) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "id": [f"r{number}" for number in range(rows)],
            "x": rng.normal(size=rows),
            "count": pd.array(rng.integers(0, 9, rows), dtype="Int64"),
            "kind": pd.Categorical(rng.choice(list("abc"), rows)),
            "word": rng.choice(["u", "v"], rows),
            "at": pd.date_range("2020-01-01", periods=rows, freq="h"),
            "fraud": rng.random(rows) < share,
        },
        index=pd.Index(range(100, 100 + rows)),
    )


@pytest.mark.parametrize("strategy", ["none", "random_over", "random_under", "smote"])
def test_a_frame_comes_back_in_partitions_of_its_own_dtypes(strategy: str) -> None:
    data = frame()
    before = data.copy()
    balanced = balance_frame(data, target="fraud", strategy=strategy, columns={"ids": ["id"]})  # type: ignore[arg-type]
    pd.testing.assert_frame_equal(data, before)
    for name in ("train", "validation", "test"):
        part = getattr(balanced, name)
        assert part.dtypes.equals(data.drop(columns="id").dtypes)
        assert len(part) == len(balanced.keys[name])
    rows = balanced.keys["test"]["source_row"].to_numpy()
    expected = data.drop(columns="id").iloc[rows]
    pd.testing.assert_frame_equal(balanced.test, expected)
    assert balanced.keys["test"]["id"].tolist() == data["id"].iloc[rows].tolist()
    assert all(balanced.certificate.values())
    if strategy != "none":
        assert balanced.train["fraud"].mean() == pytest.approx(0.5)


def test_the_seed_decides() -> None:
    first = balance_frame(frame(), target="fraud", seed=3).train
    pd.testing.assert_frame_equal(first, balance_frame(frame(), target="fraud", seed=3).train)
    assert not first.equals(balance_frame(frame(), target="fraud", seed=4).train)


def test_labels_of_mixed_types_are_refused() -> None:
    """Fault 8."""
    data = frame().assign(fraud=pd.Series([1, "1"] * 750, index=frame().index, dtype=object))
    with pytest.raises(InputError, match="int, str"):
        balance_frame(data, target="fraud")


def test_a_column_of_mixed_types_is_refused_with_what_to_do() -> None:
    data = frame().assign(word=pd.Series([1, "1"] * 750, index=frame().index, dtype=object))
    with pytest.raises(InputError, match="astype"):
        balance_frame(data, target="fraud")


def test_an_unknown_target_is_told_with_a_suggestion() -> None:
    with pytest.raises(CounterpoiseError, match="perhaps 'fraud'"):
        balance_frame(frame(), target="frauds")
