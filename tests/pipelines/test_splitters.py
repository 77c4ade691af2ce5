from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn import config_context
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score

from counterpoise import GroupTimeSplit, StratifiedGroupSplit
from counterpoise.errors import ArgumentError
from counterpoise.pipelines._group_split import complete
from counterpoise.split import partition_targets

RNG = np.random.default_rng(0)
ROWS = 2_000
GROUPS = RNG.integers(0, 400, ROWS)
Y = RNG.random(ROWS) < 0.2
X = pd.DataFrame({"at": pd.date_range("2025-01-01", periods=ROWS, freq="h"), "x": RNG.normal(size=ROWS)})


def table(seed: int, classes: int) -> tuple[Any, Any, int]:
    """Return labels, groups (or None) and a number of folds: small and large, tied and mixed."""
    rng = np.random.default_rng(seed)
    rows, folds = int(rng.integers(4, 400)), int(rng.integers(2, 7))
    number = int(rng.integers(2, max(3, rows)))
    groups = np.sort(rng.integers(0, number, rows)) if rng.random() < 0.3 else (rng.pareto(1, rows) * 5).astype(int)
    labels = np.minimum((rng.random(rows) ** rng.choice([1, 2, 3]) * classes).astype(int), classes - 1)
    if rng.random() < 0.3:  # every group has a single class
        labels = np.minimum((rng.random(int(groups.max()) + 1) ** 2 * classes).astype(int), classes - 1)[groups]
    return labels, None if rng.random() < 0.2 else groups, folds


def separate_groups(labels: Any, groups: Any) -> int:
    """Return the groups of the class that has the fewest."""
    groups = np.arange(len(labels)) if groups is None else groups
    return min(len(np.unique(groups[labels == label])) for label in np.unique(labels))


def check_folds(labels: Any, groups: Any, folds: int, seed: int) -> bool:
    """Check the folds of a table; return whether it has folds."""
    splitter = StratifiedGroupSplit(folds, random_state=seed)
    classes = np.unique(labels)
    if len(classes) < 2 or separate_groups(labels, groups) < folds:
        with pytest.raises(ArgumentError, match=r"single_class|rare_classes"):
            list(splitter.split(labels, labels, groups))
        return False
    if len(classes) > 2:
        try:
            parts = list(splitter.split(labels, labels, groups))
        except ArgumentError as error:
            assert error.reason == "folds_lack_class"  # noqa: PT017  # whether rightly so, another test asks
            return False
    else:
        parts = list(splitter.split(labels, labels, groups))
    assert len(parts) == folds
    assert sorted(np.concatenate([test for _, test in parts])) == list(range(len(labels)))
    for train, test in parts:
        assert len(np.unique(labels[test])) == len(np.unique(labels[train])) == len(classes)
        assert len(train) + len(test) == len(labels)
        assert groups is None or not set(groups[train]) & set(groups[test])
    return True


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**31), st.integers(2, 4))
def test_every_fold_has_every_class_or_the_table_is_refused(seed: int, classes: int) -> None:
    check_folds(*table(seed, classes), seed % 100)


@pytest.mark.slow
def test_no_fold_of_1000_tables_is_empty_or_lacks_a_class() -> None:
    done = [check_folds(*table(seed, 2 + seed % 3), seed) for seed in range(1_500)]
    assert sum(done) >= 1_000


def possible(holds: Any, folds: int) -> bool:
    """Try all ways to place groups."""
    ways = np.stack(np.meshgrid(*[np.arange(folds)] * len(holds), indexing="ij"), -1).reshape(-1, len(holds))
    full = np.ones(len(ways), np.bool_)
    for fold in range(folds):
        full &= ((ways == fold)[:, :, None] & holds).any(axis=1).all(axis=1)
    return bool(full.any())


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**31), st.integers(2, 3), st.integers(2, 5), st.integers(3, 7))
def test_folds_that_lack_a_class_are_completed_wherever_that_is_possible(
    seed: int, folds: int, classes: int, groups: int
) -> None:
    rng = np.random.default_rng(seed)
    holds = rng.random((groups, classes)) < 0.5
    assume(holds.any(axis=1).all())
    placed, sizes = rng.integers(0, folds, groups), rng.integers(1, 9, groups)
    if not possible(holds, folds):
        with pytest.raises(ArgumentError, match="folds_lack_class"):
            complete(placed, holds, sizes, folds=folds)
        return
    found = complete(placed, holds, sizes, folds=folds)
    assert all(holds[found == fold].any(axis=0).all() for fold in range(folds))


@given(st.integers(0, 2**31), st.integers(2, 10))
def test_without_groups_every_class_has_its_rows_to_within_one(seed: int, folds: int) -> None:
    labels = np.random.default_rng(seed).choice(3, size=200, p=[0.6, 0.3, 0.1])
    assume(min(np.bincount(labels)) >= folds)
    for _, test in StratifiedGroupSplit(folds).split(labels, labels):
        for label in range(3):
            assert abs((labels[test] == label).sum() - (labels == label).sum() / folds) < 1


def test_groups_of_similar_size_give_exact_counts() -> None:
    wanted = partition_targets(int(Y.sum()), (0.2,) * 5)
    found = [Y[test].sum() for _, test in StratifiedGroupSplit(5).split(X, Y, GROUPS)]
    assert np.abs(np.sort(found) - np.sort(wanted)).max() <= 1


def test_the_order_of_rows_does_not_matter_to_groups() -> None:
    order = RNG.permutation(ROWS)
    first = [set(GROUPS[test]) for _, test in StratifiedGroupSplit(4).split(X, Y, GROUPS)]
    second = [set(GROUPS[order][test]) for _, test in StratifiedGroupSplit(4).split(X, Y[order], GROUPS[order])]
    assert first == second


def test_the_seed_decides_the_folds_and_none_draws_anew() -> None:
    def tested(random_state: Any) -> list[int]:
        return list(next(StratifiedGroupSplit(random_state=random_state).split(X, Y, GROUPS))[1])

    assert tested(0) == tested(0) != tested(1)
    assert tested(None) != tested(None)


@pytest.mark.parametrize(
    "kind", [pd.Series, list, pd.DataFrame, lambda groups: groups.astype(str), lambda groups: groups.astype("M8[D]")]
)
def test_groups_may_be_of_any_kind(kind: Any) -> None:
    for train, test in StratifiedGroupSplit(3).split(X, Y, kind(GROUPS)):
        assert not set(GROUPS[train]) & set(GROUPS[test])


def test_a_row_without_a_group_is_its_own() -> None:
    groups = pd.Series(GROUPS).where(GROUPS > 100)
    tested = np.empty(ROWS, np.int64)
    for fold, (_, test) in enumerate(StratifiedGroupSplit(5).split(X, Y, groups)):
        tested[test] = fold
    assert len(set(tested[groups.isna()])) == 5


@pytest.mark.slow
@pytest.mark.parametrize("splitter", [StratifiedGroupSplit(3), GroupTimeSplit(3, time="at", test="7 days")])
def test_a_grid_search_uses_the_folds(splitter: Any) -> None:
    from sklearn.compose import make_column_transformer
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(make_column_transformer(("passthrough", ["x"])), LogisticRegression())
    search = GridSearchCV(model, {"logisticregression__C": [0.1, 1]}, cv=splitter, error_score="raise")
    search.fit(X, Y, groups=GROUPS)
    assert search.n_splits_ == splitter.get_n_splits() == 3
    with config_context(enable_metadata_routing=True):
        scores = cross_val_score(model, X, Y, cv=splitter, params={"groups": GROUPS}, error_score="raise")
        assert len(scores) == 3


def test_times_are_routed_to_the_splitter() -> None:
    with config_context(enable_metadata_routing=True):
        params = {"times": X["at"], "groups": GROUPS}
        scores = cross_val_score(
            LogisticRegression(), X[["x"]], Y, cv=GroupTimeSplit(3), params=params, error_score="raise"
        )
    assert len(scores) == 3


def test_without_windows_the_folds_are_those_of_time_series_split() -> None:
    order = RNG.permutation(ROWS)
    ours = GroupTimeSplit(4).split(X, Y[order], times=order)
    theirs = TimeSeriesSplit(4).split(X)
    for (train, test), (older, newer) in zip(ours, theirs, strict=True):
        assert sorted(order[train]) == older.tolist()
        assert sorted(order[test]) == newer.tolist()


@pytest.mark.parametrize("known_positives", ["keep", "drop"])
def test_folds_roll_forward_in_windows_of_the_calendar(known_positives: Any) -> None:
    splitter = GroupTimeSplit(
        4, time="at", test="7 days", train="20 days", delay="3 days", known_positives=known_positives
    )
    parts = list(splitter.split(X, Y, GROUPS))
    day, days = X["at"].dt.day_of_year.to_numpy(), 7  # of 2025; the last row is of day 84
    for fold, (train, test) in enumerate(reversed(parts)):
        begin = 85 - days * (fold + 1)
        window = np.isin(day, np.arange(begin, begin + days))
        past = np.isin(day, np.arange(begin - 23, begin - 3))
        if known_positives == "keep":
            assert test.tolist() == np.flatnonzero(window).tolist()
            assert train.tolist() == np.flatnonzero(past & ~np.isin(GROUPS, GROUPS[test])).tolist()
            continue
        assert train.tolist() == np.flatnonzero(past).tolist()
        positives = [(GROUPS[row], day[row]) for row in np.flatnonzero(Y & (day >= begin - 23))]
        known = {
            row
            for row in np.flatnonzero(window)
            for group, when in positives
            if group == GROUPS[row] and (begin - 23 <= when < begin - 3 or when < day[row] - 3)
        }
        assert known
        assert set(test) == set(np.flatnonzero(window)) - known


def check_folds_in_time(seed: int) -> bool:
    """Check the folds of a table; return whether it has folds."""
    rng = np.random.default_rng(seed)
    rows, folds = int(rng.integers(5, 300)), int(rng.integers(2, 6))
    times = pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.integers(0, 20 * 86_400, rows), unit="s")
    labels = rng.random(rows) < rng.choice([0.05, 0.3])
    groups = rng.integers(0, rows, rows) if rng.random() < 0.5 else None
    drop = groups is not None and rng.random() < 0.5
    splitter = GroupTimeSplit(
        folds,
        test=rng.choice(["", "3 days", "12 hours"]),
        delay=rng.choice(["", "1 day"]),
        known_positives="drop" if drop else "keep",
        positive_class=True,
    )
    try:
        parts = list(splitter.split(labels, labels, groups, times=times))
    except ArgumentError as error:
        assert error.reason in {"single_class", "too_few_rows_in_time"}  # noqa: PT017  # a refusal by name
        return False
    assert len(parts) == folds
    for train, tested in parts:
        assert set(labels[train]) == set(labels[tested]) == {False, True}
        assert times[train].max() < times[tested].min()
        assert groups is None or drop or not set(groups[train]) & set(groups[tested])
        assert not drop or not set(groups[train][labels[train]]) & set(groups[tested])  # type: ignore[index]
    return True


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31))
def test_no_fold_in_time_is_empty_or_has_a_single_class(seed: int) -> None:
    check_folds_in_time(seed)


@pytest.mark.slow
def test_no_fold_in_time_of_1000_tables_is_empty_or_has_a_single_class() -> None:
    assert sum(check_folds_in_time(seed) for seed in range(2_000)) >= 1_000


@pytest.mark.parametrize(
    "times",
    [
        X["at"].dt.tz_localize("Europe/Berlin", nonexistent="shift_forward", ambiguous=True),
        X["at"].dt.date,
        X["at"].to_numpy().astype("M8[s]"),
        pl.Series(X["at"].to_numpy()),
        np.arange(ROWS),
        np.arange(ROWS) / 7,
        list(range(ROWS)),
    ],
    ids=["zone", "dates", "numpy", "polars", "integers", "floats", "list"],
)
def test_times_may_be_of_any_kind_that_has_an_order(times: Any) -> None:
    first = [test.tolist() for _, test in GroupTimeSplit(3).split(X, Y, times=times)]
    assert sum(map(len, first)) >= 3 * ROWS // 5
    assert all(later[0] > earlier[-1] for earlier, later in pairwise(first))


def test_a_polars_frame_has_the_folds_of_a_frame_of_pandas() -> None:
    splitter = GroupTimeSplit(3, time="at", test="7 days")
    ours = [test.tolist() for _, test in splitter.split(X, Y, GROUPS)]
    assert ours == [test.tolist() for _, test in splitter.split(pl.from_pandas(X), pl.Series(Y), pl.Series(GROUPS))]


def test_rows_without_a_time_are_in_no_fold() -> None:
    late = X.assign(at=X["at"].where(X.index >= 100))
    for part in GroupTimeSplit(3, time="at").split(late, Y):
        assert min(map(min, part)) >= 100


REFUSED: list[tuple[str, Any, dict[str, Any], str]] = [
    ("rare_classes", StratifiedGroupSplit(5), {"y": np.arange(ROWS) < 3}, "set n_splits to 3"),
    ("rare_classes", StratifiedGroupSplit(5), {"y": np.arange(ROWS) < 1}, "merge classes"),
    ("single_class", StratifiedGroupSplit(5), {"y": np.zeros(ROWS)}, "all classes"),
    ("n_splits", StratifiedGroupSplit(1), {}, "from 2 to 100"),
    ("invalid_time", GroupTimeSplit(), {}, "as an argument of split"),
    ("invalid_times", GroupTimeSplit(time="at"), {"X": np.zeros((ROWS, 1))}, "as an argument of split"),
    ("column_not_found", GroupTimeSplit(time="att"), {}, "perhaps 'at' for 'att'"),
    ("not_a_time", GroupTimeSplit(time="at"), {"X": X.astype({"at": str})}, "to_datetime"),
    ("length_unit", GroupTimeSplit(test="7 days"), {"times": np.arange(ROWS)}, "as time_unit"),
    ("invalid_config", GroupTimeSplit(time="at", test="7 moons"), {}, "such as 7 days.* correct test"),
    ("invalid_config", GroupTimeSplit(time="at", train="7 days"), {}, "give test"),
    ("folds_overlap", GroupTimeSplit(time="at", test="7 days", step="1 day"), {}, "lengthen step"),
    ("too_few_rows_in_time", GroupTimeSplit(50, time="at", test="7 days"), {}, "set n_splits to 11"),
    ("too_few_rows_in_time", GroupTimeSplit(5), {"times": np.arange(ROWS) % 3}, "set n_splits to 2"),
    ("invalid_groups", GroupTimeSplit(time="at", known_positives="drop"), {}, "groups"),
    (
        "invalid_positive_class",
        GroupTimeSplit(time="at", known_positives="drop", positive_class="x"), {"groups": GROUPS}, "False, True",
    ),
    ("invalid_known_positives", GroupTimeSplit(time="at", known_positives="no"), {}, "keep or drop"),  # type: ignore[arg-type]
]  # fmt: skip


@pytest.mark.parametrize(("reason", "splitter", "rows", "words"), REFUSED, ids=[one[0] for one in REFUSED])
def test_a_table_without_such_folds_is_refused_with_what_to_do(
    reason: str, splitter: Any, rows: dict[str, Any], words: str
) -> None:
    with pytest.raises(ArgumentError, match=words) as caught:
        list(splitter.split(**{"X": X, "y": Y, **rows}))
    assert caught.value.reason == reason
    assert "tournament" not in str(caught.value).partition("Found tournament")[0]


@pytest.mark.parametrize(
    ("splitter", "rows"),
    [
        (StratifiedGroupSplit(3), {"y": np.arange(ROWS) < 3}),
        (GroupTimeSplit(11, time="at", test="7 days"), {}),
        (GroupTimeSplit(2), {"times": np.arange(ROWS) % 3}),
        (GroupTimeSplit(time="at"), {"X": X.astype({"at": str}).assign(at=pd.to_datetime(X["at"].astype(str)))}),
        (GroupTimeSplit(test="100 seconds", time_unit="second"), {"times": np.arange(ROWS)}),
    ],
)
def test_what_a_refusal_advises_works(splitter: Any, rows: dict[str, Any]) -> None:
    assert len(list(splitter.split(**{"X": X, "y": Y, **rows}))) == splitter.n_splits
