"""The strategy `threshold`: a learner with a decision threshold tuned on its train rows by `evaluation.threshold`.

The threshold is chosen on out-of-fold predictions, by the same exact search as on validation: a condition is either met
or not, a cost is summed over all rows, and no candidate is missed. Scikit-learn's `TunedThresholdClassifierCV` averages
a score over folds on a grid of 100 thresholds, which cannot express a condition (decision 15).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from counterpoise.compare._rounds.answer_checks import probabilities_by_class, ranking_scores
from counterpoise.compare._rounds.folds import assign_folds
from counterpoise.compare._rounds.folds_in_time import assign_folds_in_time, most_folds_in_time
from counterpoise.compare._rounds.training_rows import TrainingRows
from counterpoise.config import EvaluationConfig
from counterpoise.errors import EvaluationError
from counterpoise.evaluate import ScoredRows, choose_arm_threshold, threshold_rules
from counterpoise.typing import Floats, Ints, Matrix

_INNER_FOLDS = 5
"""The default of scikit-learn's `TunedThresholdClassifierCV`."""


@dataclass
class ThresholdLearner:
    """A classifier of 0 and 1 whose threshold is tuned by cross-validation within the rows that it is fitted on.

    Attributes:
        model: The learner.
        folds: One pair of positions per fold: the rows to train on and the rows to predict.
        config: How the threshold is chosen.
        amounts: The cost of missing each row that it is fitted on; None if it is the same for all rows.
        best_threshold_: The fitted threshold: rows with a score at or above it are predicted as 1.
    """

    model: Any
    folds: tuple[tuple[Ints, Ints], ...]
    config: EvaluationConfig
    amounts: Floats | None = None
    best_threshold_: float = field(default=np.nan, init=False)

    def fit(self, features: Matrix, targets: Ints) -> ThresholdLearner:
        """Tune the threshold, then fit the learner on all rows; warn if no threshold meets the rule."""
        from sklearn.base import clone

        scores, known = np.zeros(len(targets)), np.zeros(len(targets), np.bool_)
        for trained, tested in self.folds:
            scores[tested] = _scores(clone(self.model).fit(features[trained], targets[trained]), features[tested])
            known[tested] = True
        missed = None if self.amounts is None else np.where(targets == 1, self.amounts, 0.0)[known]
        rows = ScoredRows(scores[known], targets[known] == 1, missed=missed)
        chosen = choose_arm_threshold(rows, config=self.config)
        wanted = {rule.name: rule.wanted for rule in threshold_rules(self.config)}.get(self.config.threshold)
        if wanted and chosen.rule != self.config.threshold:
            warnings.warn(f"no threshold gives a {wanted}, out of fold: the largest F1 was taken", stacklevel=2)
        self.best_threshold_ = chosen.value
        self.model.fit(features, targets)
        return self

    @property
    def classes_(self) -> Ints:
        """The classes of the fitted learner."""
        return np.asarray(self.model.classes_)

    @property
    def predict_proba(self) -> Any:
        """The fitted learner's own probabilities; missing if the learner has none."""
        return self.model.predict_proba

    def decision_function(self, features: Matrix) -> Floats:
        """Return the fitted learner's own scores."""
        return np.asarray(self.model.decision_function(features))

    def predict(self, features: Matrix) -> Ints:
        """Return 1 for rows that reach the threshold, otherwise 0."""
        return (_scores(self.model, features) >= self.best_threshold_).astype(np.int64)


def tuned(model: Any, training_rows: TrainingRows, number: int) -> ThresholdLearner:
    """Return a learner with its threshold tuned within the rows that a round trains on.

    Args:
        model: The learner.
        training_rows: The rows of the comparison, of two classes.
        number: The round.

    Raises:
        EvaluationError: The round has too few train rows of a class.
    """
    amounts, folds = training_rows.amounts, inner_folds(training_rows, number)
    own = None if amounts is None else amounts[training_rows.train_rows(number).rows]
    return ThresholdLearner(model, folds, training_rows.comparison.rules.evaluation, own)


def inner_folds(training_rows: TrainingRows, number: int) -> tuple[tuple[Ints, Ints], ...]:
    """Return folds of the rows that a round trains on: positions to train on and to predict.

    They follow the rules of the outer folds: tied rows stay together, in time order if the outer folds are.

    Args:
        training_rows: The rows of the comparison, of two classes.
        number: The round.

    Raises:
        EvaluationError: The round has too few train rows of a class.
    """
    train = training_rows.train_rows(number)
    _, ties = np.unique(training_rows.ties[train.rows], return_inverse=True)
    timeline = training_rows.timeline
    if timeline is not None:
        own = timeline.at(train.rows)
        most = most_folds_in_time(train.codes, ties, own, fewer_than=_INNER_FOLDS + 1)
        if not most:
            raise _no_inner_folds(len(train.rows))
        made = assign_folds_in_time(train.codes, ties, own, classes=train.classes, folds=most)
        return tuple(
            (np.flatnonzero(older), np.flatnonzero(made.tested == fold)) for fold, older in enumerate(made.trained)
        )
    fewest = int(np.bincount(train.codes, minlength=len(train.classes)).min())
    (placed,) = assign_folds(
        train.codes, ties, classes=train.classes, folds=max(2, min(_INNER_FOLDS, fewest)), repeats=1,
        seed=training_rows.comparison.rules.seeds.learner,
    )  # fmt: skip
    return tuple((np.flatnonzero(placed != fold), np.flatnonzero(placed == fold)) for fold in range(placed.max() + 1))


def _scores(model: Any, features: Matrix) -> Floats:
    """Return one score per row, higher for a more likely 1."""
    rows = len(features)
    if hasattr(model, "predict_proba"):
        return probabilities_by_class(model.predict_proba(features), model, rows=rows, classes=2)[:, 1]
    return ranking_scores(model.decision_function(features), rows=rows)


def _no_inner_folds(rows: int) -> EvaluationError:
    return EvaluationError(
        "too_few_rows_in_time",
        expected="rows of both classes in two intervals of time to tune a threshold on",
        found=f"{rows:,} train rows that cannot be divided in this way",
        remedy="lower tournament.folds, or leave out the strategy threshold",
    )
