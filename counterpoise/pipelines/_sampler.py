"""A sampler with the interface of imbalanced-learn that resamples as a run does."""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from imblearn.base import BaseSampler
from pydantic import ValidationError
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import validate_data

from counterpoise.config import BalanceConfig, ResamplingConfig, build_config
from counterpoise.errors import ArgumentError, ColumnNotFoundError
from counterpoise.frames import Parents, ResampledFrame, column_names, resample_with_keys
from counterpoise.pipelines._arguments import as_arguments
from counterpoise.pipelines._tables import Features, class_labels, is_frame, row_weights, rows_of, seed_of
from counterpoise.resample import wanted_rows
from counterpoise.strategies import STRATEGIES, StrategyName
from counterpoise.table import class_name
from counterpoise.typing import Floats

_OPTION = "options__"
_WORDS = {
    " or resampling.class_ratios": "",
    "correct seed": "correct random_state",
    "let validation quarantine such rows": "leave such rows out",
}
"""Words for settings in errors of the engine, and those for parameters of the sampler."""


class Sampler(BaseSampler):  # type: ignore[misc]  # imbalanced-learn ships no types
    """Resample training rows with any strategy, as a step of an imbalanced-learn pipeline or alone.

    Args:
        strategy: The name of a strategy; all but `weights`.
        ratio: The target size of each smaller class relative to the largest, as a number or by class; see
            `resampling.ratio`.
        k_neighbors: The number of neighbours for SMOTE and its variants.
        too_few_neighbors: What to do if a class has `k_neighbors` rows or fewer: `stop`, `lower_k` or `random_over`.
        neighbor_search: `exact` or `approximate`.
        scale: Whether to search neighbours in standardised space.
        grid: Whether synthetic rows get values as the source has them; otherwise they are imbalanced-learn's.
        memory_limit: The maximum memory, such as `8 GiB`; empty for the free memory of the machine.
        options: Options of the strategy by name; each is also a parameter, such as `options__m_neighbors`.
        categorical: Columns of numbers that are codes, by name or position.
        random_state: The seed, a generator, or None to draw anew each time.

    Attributes:
        sampling_strategy_: By class the rows to make, or those to keep of classes that shrink, as in imbalanced-learn.
        strategy_: The strategy that was carried out: that of `auto`, or the given one.
        provenance_: The source row, origin and parents of each row of the result.
        sample_indices_: The source row of each row of the result, for strategies that make no rows.
        sample_weight_: The weight of each row of the result; None without weights.
        notes_: What a run says in its log.
        n_features_in_: The number of features.
        feature_names_in_: Their names, if all are texts.
    """

    _sampling_type = "bypass"

    def __init__(
        self,
        strategy: StrategyName = "random_over",
        *,
        ratio: float | Mapping[Hashable, float] = 1.0,
        k_neighbors: int = 5,
        too_few_neighbors: str = "stop",
        neighbor_search: str = "exact",
        scale: bool = True,
        grid: bool = True,
        memory_limit: str = "",
        options: Mapping[str, Any] | None = None,
        categorical: Sequence[Hashable] = (),
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.strategy = strategy
        self.ratio = ratio
        self.k_neighbors = k_neighbors
        self.too_few_neighbors = too_few_neighbors
        self.neighbor_search = neighbor_search
        self.scale = scale
        self.grid = grid
        self.memory_limit = memory_limit
        self.options = options
        self.categorical = categorical
        self.random_state = random_state

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters; with `deep` also the options that are set, such as `options__m_neighbors`."""
        own: dict[str, Any] = super().get_params(deep)
        options = own["options"] if deep and isinstance(own["options"], Mapping) else {}
        return {**own, **{f"{_OPTION}{name}": value for name, value in options.items()}}

    def set_params(self, **params: Any) -> Self:
        """Set parameters, options by themselves among them, such as `options__m_neighbors`."""
        options = {name: params.pop(name) for name in [*params] if name.startswith(_OPTION)}
        super().set_params(**params)
        if options:
            self.options = {**(self.options or {}), **{name.removeprefix(_OPTION): options[name] for name in options}}
        return self

    def fit(self, X: Any, y: Any) -> Self:
        """Check rows and parameters, and set `sampling_strategy_`; `fit_resample` does this, too.

        Args:
            X: The features: a frame of pandas or Polars, an array or a list.
            y: The label of each row.

        Raises:
            ArgumentError: A parameter is invalid, a label is missing, or there is only one class.
        """
        features, labels = self._checked(X, y)
        with as_arguments(_WORDS):
            self._set_sampling_strategy(self._config(features), labels)
        return self

    def fit_resample(self, X: Any, y: Any, *, sample_weight: Any = None, groups: Any = None) -> tuple[Any, Any]:
        """Resample rows.

        Args:
            X: The features: a frame of pandas or Polars, an array or a list.
            y: The label of each row.
            sample_weight: The weight of each row.
            groups: The group of each row, which the trial of `auto` keeps together.

        Returns:
            Features and labels as what they were: rows that are kept in their order, then repeated and synthetic ones.

        Raises:
            ArgumentError: A parameter is invalid, the rows cannot be used, or the strategy cannot work with them.
        """
        weights = None if sample_weight is None else row_weights(sample_weight, y)
        features, _, made = self._fit_resample(X, y, groups)
        self.sample_weight_ = None if weights is None else _carried(weights, made.parents)
        return features.back(made.features), rows_of(y, made.parents.first, like=made.features)

    def fit_resample_weighted(
        self, X: Any, y: Any, *, sample_weight: Any = None, groups: Any = None
    ) -> tuple[Any, Any, Floats]:
        """Resample rows, and weigh them so that each class weighs as much as before.

        Args:
            X: The features: a frame of pandas or Polars, an array or a list.
            y: The label of each row.
            sample_weight: The weight of each row; 1 if it is not given.
            groups: The group of each row, which the trial of `auto` keeps together.

        Returns:
            Features, labels, and the weights to fit a learner with.

        Raises:
            ArgumentError: A parameter is invalid, the rows cannot be used, or the strategy cannot work with them.
        """
        features, labels, made = self._fit_resample(X, y, groups)
        before = np.ones(len(labels)) if sample_weight is None else row_weights(sample_weight, y)
        carried, first = _carried(before, made.parents), made.parents.first
        codes = np.unique(labels, return_inverse=True)[1]
        wanted, found = np.bincount(codes, before), np.bincount(codes[first], carried)
        self.sample_weight_ = (
            carried * np.divide(wanted, found, where=found > 0, out=np.zeros_like(found))[codes[first]]
        )
        return features.back(made.features), rows_of(y, first, like=made.features), self.sample_weight_

    def _fit_resample(
        self, X: Any, y: Any, groups: Any = None
    ) -> tuple[Features, npt.NDArray[Any], ResampledFrame[Any]]:
        features, labels = self._checked(X, y)
        if groups is not None:
            check_consistent_length(groups, y)
        with as_arguments(_WORDS):
            config = self._config(features, grouped=groups is not None)
            made = resample_with_keys(features.frame, labels, config=config, groups=groups)
            self._set_sampling_strategy(config, labels, made.plan.strategy)
        self.strategy_, self.notes_ = made.plan.strategy, made.plan.notes
        self.provenance_ = made.keys
        if _selects(self.strategy):
            self.sample_indices_ = made.parents.first
        elif hasattr(self, "sample_indices_"):
            del self.sample_indices_  # of another strategy
        return features, labels, made

    def _checked(self, X: Any, y: Any) -> tuple[Features, npt.NDArray[Any]]:
        """Return features and labels, and set the numbers and names of features."""
        labels = class_labels(y, who=type(self).__name__)
        if is_frame(X):
            with as_arguments():
                column_names(X)
            validate_data(self, X, skip_check_array=True)
            features = Features(X)
        else:
            array = validate_data(self, X, dtype=None, ensure_all_finite="allow-nan")
            features = Features.of(array, is_list=isinstance(X, list))
        check_consistent_length(features.frame, labels)
        return features, labels

    def _config(self, features: Features, *, grouped: bool = False) -> BalanceConfig:
        options, names = self._checked_options(), column_names(features.frame)
        free = (name for name in itertools.accumulate(itertools.repeat("_"), initial="label"))
        target = next(name for name in free if not {name, f"{name} group"} & {*names.values()})
        ratio = self.ratio
        if isinstance(ratio, Mapping):
            ratio = {class_name(label): value for label, value in ratio.items()}
        resampling = {name: getattr(self, name) for name in ResamplingConfig.model_fields if hasattr(self, name)}
        return build_config(
            {
                "name": "sampler",
                "seed": seed_of(self.random_state),
                "source": {"path": "frame.arrow"},
                "columns": {
                    "target": target,
                    "group": f"{target} group" if grouped else "",
                    "categorical": _named(self.categorical, names),
                },
                "resampling": {**resampling, "ratio": ratio, "options": options},
            }
        )

    def _checked_options(self) -> dict[str, Any]:
        """Return the options of the strategy; the configuration checks whether there is such a strategy."""
        options = {} if self.options is None else self.options
        known = STRATEGIES.get(self.strategy) if isinstance(self.strategy, str) else None
        wrong = "" if isinstance(options, Mapping) else repr(options)
        try:
            if known is not None and not wrong:
                known.options.model_validate(dict(options))
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        if wrong:
            allowed = ", ".join(known.options.model_fields) if known is not None else ""
            raise ArgumentError(
                "unknown_option",
                expected=f"a mapping with options of {self.strategy} ({allowed or 'it has none'})",
                found=wrong,
                remedy="correct options, or leave it out",
            )
        return dict(options)

    def _set_sampling_strategy(self, config: BalanceConfig, labels: npt.NDArray[Any], strategy: str = "") -> None:
        """Say by class how many rows are to be made, or kept if the class shrinks."""
        settings = config.resampling
        if strategy and settings.strategy == "auto":
            settings = settings.model_copy(update={"strategy": strategy})
        classes, counts = np.unique(labels, return_counts=True)
        present = {class_name(label): int(number) for label, number in zip(classes.tolist(), counts, strict=True)}
        wanted = wanted_rows(present, settings)
        grows = STRATEGIES[settings.strategy].grows
        self.sampling_strategy_ = {
            label: wanted[name] - number if grows else wanted[name]
            for label, (name, number) in zip(classes.tolist(), present.items(), strict=True)
            if wanted[name] != number
        }

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = False
        tags.input_tags.string = tags.input_tags.categorical = tags.input_tags.allow_nan = True
        tags.sampler_tags.sample_indices = _selects(self.strategy)
        return tags


def _selects(strategy: object) -> bool:
    """Return whether all rows that a strategy gives are rows of the source."""
    known = STRATEGIES.get(strategy) if isinstance(strategy, str) else None
    return known is not None and strategy != "auto" and not known.searches


def _carried(weights: Floats, parents: Parents) -> Floats:
    """Return the weight of each row of a result: its own, or one between those of its parents."""
    first, second = weights[parents.first], weights[parents.second]
    return np.asarray(first + np.clip(parents.steps, 0, 1) * (second - first))


def _named(categorical: Iterable[Hashable], names: Mapping[Hashable, str]) -> list[str]:
    """Return the names of columns that are told by their labels or positions."""
    labels = list(names)
    places = range(-len(labels), len(labels))
    by_place = (
        labels[one] if one not in names and isinstance(one, int | np.integer) and one in places else one
        for one in categorical
    )
    found = {one: names.get(one, str(one)) for one in by_place}
    if missing := [name for one, name in found.items() if one not in names and name not in names.values()]:
        raise ColumnNotFoundError.from_names(missing, names.values(), field="categorical")
    return list(found.values())
