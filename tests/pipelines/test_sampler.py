from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from imblearn import over_sampling, under_sampling
from imblearn.pipeline import make_pipeline
from scipy import sparse
from sklearn import config_context
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import StandardScaler

from counterpoise import Sampler, balance_frame
from counterpoise.config import ResamplingConfig
from counterpoise.errors import ArgumentError, CounterpoiseError
from counterpoise.runtime import child_seed
from counterpoise.strategies import StrategyName

ROWS = 300
RNG = np.random.default_rng(0)
X = pd.DataFrame(
    {
        "a": RNG.normal(size=ROWS),
        "b": RNG.choice(["x", "y", "z"], ROWS),
        "t": pd.date_range("2025-01-01", periods=ROWS, freq="h"),
    },
    index=[f"row {number}" for number in range(ROWS)],
)
Y = pd.Series(np.where(RNG.random(ROWS) < 0.15, "fraud", "ok"), index=X.index, name="kind")
NUMBERS = RNG.normal(size=(ROWS, 4))
WEIGHTS = RNG.uniform(1, 2, ROWS)
FEW = int((Y == "fraud").sum())


def test_every_setting_of_resampling_is_a_parameter_with_the_same_default() -> None:
    parameters = Sampler().get_params()
    for name, field in ResamplingConfig.model_fields.items():
        if name != "class_ratios":  # `ratio` takes a mapping
            assert name in parameters
            assert name == "options" or parameters[name] == field.default


def test_rows_that_are_kept_come_first_in_their_order() -> None:
    sampler = Sampler("smote", ratio=0.5)
    rows, labels = sampler.fit_resample(X, Y)
    pd.testing.assert_frame_equal(rows[:ROWS], X)
    pd.testing.assert_series_equal(labels[:ROWS], Y)
    assert labels.index.equals(rows.index)
    assert labels.value_counts().to_dict() == {"ok": ROWS - FEW, "fraud": (ROWS - FEW) // 2}
    assert sampler.sampling_strategy_ == {"fraud": (ROWS - FEW) // 2 - FEW}


def test_provenance_says_where_each_row_comes_from() -> None:
    sampler = Sampler("smote")
    rows, labels = sampler.fit_resample(X, Y)
    found = sampler.provenance_
    assert len(found) == len(rows)
    assert found["source_row"][:ROWS].tolist() == list(range(ROWS))
    assert found["origin"].value_counts().to_dict() == {"original": ROWS, "synthetic": len(rows) - ROWS}
    made, values = found[ROWS:], rows["a"].to_numpy()[ROWS:]
    assert made["source_row"].isna().all()
    ends = np.sort([X["a"].to_numpy()[made[name].astype(int)] for name in ("parent_a", "parent_b")], axis=0)
    assert ((ends[0] - 1e-9 <= values) & (values <= ends[1] + 1e-9)).all()
    assert set(Y.iloc[made["parent_a"].astype(int)]) == set(labels[ROWS:]) == {"fraud"}


@pytest.mark.slow
def test_provenance_has_the_columns_of_the_keys_of_a_run() -> None:
    balanced = balance_frame(X.assign(kind=Y), target="kind", strategy="smote", seed=3)
    ours = ["source_row", "origin", "parent_a", "parent_b", "lambda"]
    sampler = Sampler("smote")
    sampler.fit_resample(X, Y)
    keys = balanced.keys["train"][ours]
    assert sampler.provenance_.dtypes.equals(keys.dtypes)
    assert list(sampler.provenance_) == ours


@pytest.mark.parametrize("strategy", ["none", "random_over", "random_under", "tomek_links", "one_sided_selection"])
def test_a_strategy_that_makes_no_rows_tells_their_indices(strategy: StrategyName) -> None:
    sampler = Sampler(strategy)
    rows, labels = sampler.fit_resample(X, Y)
    pd.testing.assert_frame_equal(rows.reset_index(drop=True), X.iloc[sampler.sample_indices_].reset_index(drop=True))
    assert labels.tolist() == Y.iloc[sampler.sample_indices_].tolist()
    sampler.set_params(strategy="smote").fit_resample(X, Y)
    assert not hasattr(sampler, "sample_indices_")


def in_order_of_content(strategy: StrategyName) -> tuple[Any, Any, int]:
    """Return rows in the order in which they are drawn, and the seed of the strategy."""
    labels = (Y == "fraud").to_numpy().astype(int)
    frame = pd.DataFrame(NUMBERS)
    from counterpoise.config import build_config
    from counterpoise.frames._open import open_frame
    from counterpoise.frames._read import read_frame
    from counterpoise.split import content_order
    from counterpoise.storage import scratch_folder

    config = build_config({"name": "f", "source": {"path": "f.arrow"}, "columns": {"target": "label"}})
    opened = open_frame(frame)
    with scratch_folder() as folder:
        read = read_frame({**opened.carried(), **opened.labels(labels, "label").carried()}, config, folder)
        order = content_order(read.snapshot, read.source.roles)
    return NUMBERS[order], labels[order], child_seed(0, "resample", strategy)


@pytest.mark.parametrize(
    ("strategy", "theirs"),
    [
        ("smote", over_sampling.SMOTE),
        ("borderline_smote", over_sampling.BorderlineSMOTE),
        ("adasyn", over_sampling.ADASYN),
        ("random_under", under_sampling.RandomUnderSampler),
        ("random_over", over_sampling.RandomOverSampler),
    ],
)
def test_without_scale_and_grid_the_rows_are_those_of_imbalanced_learn(strategy: StrategyName, theirs: Any) -> None:
    rows, labels, seed = in_order_of_content(strategy)
    expected, _ = theirs(random_state=seed).fit_resample(rows, labels)
    found, _ = Sampler(strategy, scale=False, grid=False).fit_resample(NUMBERS, (Y == "fraud").to_numpy().astype(int))
    assert sorted(map(tuple, found)) == sorted(map(tuple, expected))


@pytest.mark.parametrize("strategy", ["random_over", "smote", "random_under"])
def test_a_polars_frame_and_an_array_give_what_pandas_gives(strategy: StrategyName) -> None:
    plain, labels = X.reset_index(drop=True), Y.reset_index(drop=True)
    sampler = Sampler(strategy)
    rows, kinds = sampler.fit_resample(plain, labels)
    keys = sampler.provenance_
    found, found_kinds = sampler.fit_resample(pl.from_pandas(plain), pl.Series("kind", labels.to_numpy()))
    assert isinstance(found, pl.DataFrame)
    assert isinstance(found_kinds, pl.Series)
    pd.testing.assert_frame_equal(found.to_pandas(), rows.reset_index(drop=True), check_dtype=False)
    assert found_kinds.to_list() == kinds.tolist()
    assert (
        sampler.provenance_["parent_a"].to_list()
        == keys["parent_a"].astype(object).where(keys["parent_a"].notna(), None).tolist()
    )
    array, _ = sampler.fit_resample(NUMBERS.astype(np.float32), labels.to_numpy())
    frame, _ = sampler.fit_resample(pd.DataFrame(NUMBERS.astype(np.float32)), labels)
    assert array.dtype == np.float32
    np.testing.assert_array_equal(array, frame.to_numpy())


@pytest.mark.parametrize(
    "labels",
    [Y, Y.astype("category"), (Y == "fraud").astype("boolean"), (Y == "fraud").astype("Int64"), Y.to_frame()],
    ids=["texts", "categories", "nullable booleans", "nullable integers", "a frame"],
)
def test_labels_come_back_with_their_dtype(labels: Any) -> None:
    _, found = Sampler("smote").fit_resample(X, labels)
    assert type(found) is type(labels)
    assert (found.dtypes == labels.dtypes) if isinstance(labels, pd.Series) else found.dtypes.equals(labels.dtypes)
    assert len(set(found.value_counts())) == 1


def test_the_order_of_rows_does_not_matter() -> None:
    order = np.random.default_rng(1).permutation(ROWS)
    first, _ = Sampler("smote").fit_resample(X, Y)
    second, _ = Sampler("smote").fit_resample(X.iloc[order], Y.iloc[order])
    pd.testing.assert_frame_equal(
        first.sort_values(list(X)).reset_index(drop=True), second.sort_values(list(X)).reset_index(drop=True)
    )


def test_the_seed_decides_and_none_draws_anew() -> None:
    def drawn(random_state: Any) -> list[float]:
        return list(Sampler("smote", random_state=random_state).fit_resample(X, Y)[0]["a"])

    assert drawn(0) == drawn(0) != drawn(1)
    assert drawn(np.random.RandomState(5)) == drawn(np.random.RandomState(5))
    assert drawn(None) != drawn(None)


def test_options_are_parameters_of_their_own() -> None:
    sampler = Sampler("borderline_smote", options={"kind": "borderline-2"})
    sampler.set_params(options__m_neighbors=7, k_neighbors=3)
    assert sampler.options == {"kind": "borderline-2", "m_neighbors": 7}
    assert sampler.get_params()["options__m_neighbors"] == 7
    again = clone(sampler)
    assert again.get_params() == sampler.get_params()
    assert "options__m_neighbors" not in sampler.get_params(deep=False)
    first, _ = sampler.fit_resample(NUMBERS, Y)
    second, _ = again.set_params(options__m_neighbors=2).fit_resample(NUMBERS, Y)
    assert len(first) == len(second)
    assert not np.array_equal(first, second)


def test_numbers_that_are_codes_are_named_by_column_or_position() -> None:
    coded = X.assign(code=RNG.integers(0, 3, ROWS) * 100)
    for categorical in (["code"], [3], [-1]):
        rows, _ = Sampler("smote", categorical=categorical).fit_resample(coded, Y)
        assert set(rows["code"]) <= {0, 100, 200}
    assert not set(Sampler("smote", grid=False).fit_resample(coded, Y)[0]["code"]) <= {0, 100, 200}


def test_weights_are_carried_to_the_rows_of_the_result() -> None:
    sampler = Sampler("random_over")
    sampler.fit_resample(X, Y, sample_weight=WEIGHTS)
    np.testing.assert_array_equal(sampler.sample_weight_, WEIGHTS[sampler.sample_indices_])
    sampler.set_params(strategy="smote").fit_resample(X, Y, sample_weight=WEIGHTS.tolist())
    made = sampler.provenance_[ROWS:]
    parents = np.stack([WEIGHTS[made[name].astype(int)] for name in ("parent_a", "parent_b")])
    expected = parents[0] + made["lambda"].to_numpy() * (parents[1] - parents[0])
    assert sampler.sample_weight_ is not None
    np.testing.assert_allclose(sampler.sample_weight_[ROWS:], expected)
    sampler.fit_resample(X, Y)
    assert sampler.sample_weight_ is None


@settings(max_examples=30, deadline=None)
@given(
    strategy=st.sampled_from(["random_over", "random_under", "smote", "tomek_links"]),
    ratio=st.floats(0.2, 1),
    weighted=st.booleans(),
)
def test_weighted_rows_have_the_class_shares_of_the_source(
    strategy: StrategyName, ratio: float, weighted: bool
) -> None:
    weights = WEIGHTS if weighted else np.ones(ROWS)
    sampler = Sampler(strategy, ratio=ratio)
    _, labels, found = sampler.fit_resample_weighted(X, Y, sample_weight=WEIGHTS if weighted else None)
    for kind in ("fraud", "ok"):
        assert found[labels == kind].sum() == pytest.approx(weights[Y.eq(kind)].sum())


def simulated(rng: np.random.Generator, rows: int) -> tuple[Any, Any]:
    features = rng.normal(size=(rows, 3))
    return features, rng.random(rows) < 1 / (1 + np.exp(4 - features @ [1.5, -1.0, 0.5]))


@pytest.mark.slow
def test_a_model_of_weighted_rows_believes_in_the_prevalence_and_one_of_plain_rows_does_not() -> None:
    rng = np.random.default_rng(11)
    errors: list[float] = []
    plain: list[float] = []
    for _ in range(10):
        features, labels = simulated(rng, 20_000)
        few, kinds, weights = Sampler("random_under").fit_resample_weighted(features, labels)
        assert len(few) < len(features) / 4
        for found, weight in ((errors, weights), (plain, None)):
            chances = LogisticRegression().fit(few, kinds, sample_weight=weight).predict_proba(features)[:, 1]
            found.append(chances.mean() / labels.mean() - 1)
    assert abs(np.mean(errors)) < 0.03
    assert max(map(abs, errors)) < 0.1
    assert min(plain) > 1


@pytest.mark.slow
def test_a_grid_search_chooses_the_strategy_and_its_options() -> None:
    search = GridSearchCV(
        make_pipeline(StandardScaler(), Sampler(), LogisticRegression()),
        [
            {"sampler__strategy": ["none", "random_under"], "sampler__ratio": [0.5, 1]},
            {"sampler__strategy": ["smote"], "sampler__k_neighbors": [3, 5]},
            {"sampler__strategy": ["borderline_smote"], "sampler__options__m_neighbors": [5, 10]},
        ],
        cv=3,
        scoring="average_precision",
        error_score="raise",
    )
    search.fit(NUMBERS, Y == "fraud")
    assert len(search.cv_results_["mean_test_score"]) == 8
    assert set(search.cv_results_["param_sampler__strategy"]) == {"none", "random_under", "smote", "borderline_smote"}
    assert len(search.predict(NUMBERS)) == ROWS


def test_a_pipeline_hands_on_frames_if_its_output_is_set_to_frames() -> None:
    model = make_pipeline(StandardScaler(), Sampler("smote"), LogisticRegression()).set_output(transform="pandas")
    model.fit(pd.DataFrame(NUMBERS, columns=list("abcd")), Y)
    assert model[-1].feature_names_in_.tolist() == list("abcd")
    assert model[1].feature_names_in_.tolist() == list("abcd")


def test_weights_and_groups_are_routed() -> None:
    with config_context(enable_metadata_routing=True):
        sampler = Sampler("smote").set_fit_resample_request(sample_weight=True, groups=True)
        model = make_pipeline(sampler, LogisticRegression().set_fit_request(sample_weight=False))
        model.fit(NUMBERS, Y, sample_weight=WEIGHTS, groups=np.arange(ROWS) // 2)
        assert len(model[0].sample_weight_) == len(model[0].provenance_) > ROWS


@pytest.mark.slow
def test_auto_keeps_groups_together_in_its_trial() -> None:
    """Ten copies of each row make a tree that copies its neighbours look good, unless they stay together."""
    few = np.repeat(NUMBERS[:100], 10, axis=0)
    labels = np.repeat(np.arange(100) < 20, 10)
    sampler = Sampler("auto")
    sampler.fit_resample(few + RNG.normal(0, 1e-3, few.shape), labels, groups=np.repeat(np.arange(100), 10))
    assert "groups" in sampler.notes_[0]
    assert sampler.strategy_ == "none"


def test_missing_values_and_texts_in_arrays_need_no_encoding() -> None:
    array = np.array([[1.5, "x", None], [2.5, "y", 3]] * 40, dtype=object)
    labels = np.array([0, 0, 0, 1] * 20)
    rows, found = Sampler("smote").fit_resample(array, labels)
    assert rows.dtype == object
    assert len(rows) == len(found) == 120
    assert set(rows[:, 1]) == {"x", "y"}


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float16", "float32", "U3", "S3", "M8[s]"])
def test_an_array_of_any_dtype_comes_back_with_it(dtype: str) -> None:
    given = (NUMBERS * 10).astype(np.int64).clip(0).astype(dtype)
    rows, _ = Sampler("smote").fit_resample(given, Y)
    assert rows.dtype == given.dtype
    np.testing.assert_array_equal(rows[:ROWS], given)


def test_columns_may_have_any_names() -> None:
    frame = X.set_axis(["label", "label_ group", 0], axis=1)
    rows, _ = Sampler("smote").fit_resample(frame.rename(columns=str), Y, groups=np.arange(ROWS) // 2)
    pd.testing.assert_frame_equal(rows[:ROWS], frame.rename(columns=str))


REFUSED: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("invalid_config", {"strategy": "SMOTE"}, {}, "smote"),
    ("invalid_config", {"strategy": ["smote"]}, {}, "correct strategy"),
    ("invalid_config", {"strategy": "smote", "k_neighbors": 0}, {}, "correct k_neighbors"),
    ("invalid_config", {"random_state": -1}, {}, "correct random_state"),
    ("unknown_option", {"strategy": "borderline_smote", "options": {"m": 1}}, {}, "m_neighbors, kind"),
    ("unknown_option", {"options": 5}, {}, "leave it out"),
    ("unknown_class", {"ratio": {"theft": 0.5}}, {}, "correct ratio"),
    ("column_not_found", {"categorical": ["aa"]}, {}, "perhaps 'a' for 'aa'"),
    ("too_few_neighbors", {"strategy": "smote", "k_neighbors": 90}, {}, "set too_few_neighbors to lower_k"),
    ("weights_are_no_rows", {"strategy": "weights"}, {}, "choose random_over"),
    ("missing_labels", {}, {"y": Y.where(Y.index != "row 7")}, "1 missing"),
    ("single_class", {}, {"y": np.zeros(ROWS)}, "class"),
    ("no_labels", {}, {"y": None}, "pass y"),
    ("unsupported_frame", {}, {"X": pl.from_pandas(X).lazy()}, "collect"),
    ("infinite_value", {"strategy": "smote"}, {"X": X.assign(a=np.inf)}, "leave such rows out"),
    ("duplicate_columns", {}, {"X": X.set_axis(["a", "a", "b"], axis=1)}, "rename them"),
    ("weights", {}, {"sample_weight": -WEIGHTS}, "at least 0"),
]


@pytest.mark.parametrize(("reason", "parameters", "rows", "words"), REFUSED, ids=[one[0] for one in REFUSED])
def test_what_cannot_work_is_refused_in_words_of_the_sampler(
    reason: str, parameters: dict[str, Any], rows: dict[str, Any], words: str
) -> None:
    with pytest.raises(ArgumentError, match=words) as caught:
        Sampler(**parameters).fit_resample(**{"X": X, "y": Y, **rows})
    error = caught.value
    assert error.reason == reason
    assert isinstance(error, CounterpoiseError)
    assert isinstance(error, ValueError)
    assert "resampling." not in str(error)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301  # our own bytes


WORKS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("too_few_neighbors", {"strategy": "smote", "k_neighbors": 90, "too_few_neighbors": "lower_k"}, {}),
    ("too_few_neighbors", {"strategy": "smote", "k_neighbors": 90, "too_few_neighbors": "random_over"}, {}),
    ("too_few_neighbors", {"strategy": "random_over", "k_neighbors": 90}, {}),
    ("column_not_found", {"categorical": ["a"]}, {}),
    ("missing_labels", {}, {"X": X.drop("row 7"), "y": Y.drop("row 7")}),
    ("unsupported_frame", {}, {"X": pl.from_pandas(X).lazy().collect()}),
    ("infinite_value", {"strategy": "smote"}, {"X": X.assign(a=np.inf).drop(columns="a")}),
    ("infinite_value", {"strategy": "random_over"}, {"X": X.assign(a=np.inf)}),
    ("duplicate_columns", {}, {"X": X.set_axis(["a", "a2", "b"], axis=1)}),
]


@pytest.mark.parametrize(("reason", "parameters", "rows"), WORKS, ids=[one[0] for one in WORKS])
def test_what_a_refusal_advises_works(reason: str, parameters: dict[str, Any], rows: dict[str, Any]) -> None:
    assert reason in {one[0] for one in REFUSED}
    _, labels = Sampler(**parameters).fit_resample(**{"X": X, "y": Y, **rows})
    assert len(set(pd.Series(labels).value_counts())) == 1


def test_sparse_matrices_and_infinite_arrays_are_refused_by_scikit_learn() -> None:
    with pytest.raises(TypeError, match=r"toarray\(\)"):
        Sampler().fit_resample(sparse.csr_matrix(NUMBERS), Y)
    with pytest.raises(ValueError, match="infinity"):
        Sampler().fit_resample(np.where(NUMBERS > 2, np.inf, NUMBERS), Y)


def test_nothing_that_was_given_is_changed() -> None:
    rows, labels, array = X.copy(), Y.copy(), NUMBERS.copy()
    Sampler("smote").fit_resample(X, Y)
    Sampler("smote").fit_resample(NUMBERS, Y)
    pd.testing.assert_frame_equal(X, rows)
    pd.testing.assert_series_equal(Y, labels)
    np.testing.assert_array_equal(NUMBERS, array)
