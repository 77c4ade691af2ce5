"""Honest evaluation: does resampling help the learners that are trained on the result?

`compare_strategies` returns the metrics record, a JSON-serialisable dictionary; numbers that are undefined are null:

- `schema`: 1. `task`: binary or multiclass. `classes`: as text, in the order of their values. `positive_class`: null
  with more than two classes. `strategy`, `learners`: what was compared.
- `rows`: by table (train_natural, train_resampled, validation, test) its `rows` and `classes` (rows by class).
  `natural_rows`: train rows before any sampling for speed.
- `deciding_rows`: test rows of the rarer of two classes or of the smallest class, with `deciding_rows_are` (what they
  are called) and `verdict_floor` (how many a verdict needs).
- `chance_average_precision`: what a ranking by chance reaches on test: the prevalence, macro with more classes.
  `majority_accuracy`: the accuracy of always answering with the largest class, to show the paradox.
- `threshold_rule`: the `metric` or rule by which thresholds are chosen (`evaluation.threshold`), what is `wanted` in
  words, and the table they are `chosen_on`; null for multiclass.
- `costs`: what a `false_positive` and a `false_negative` cost.
- `features`: by strategy how the columns were encoded.
- `bootstrap`: `resamples`, `confidence` and `method` of all intervals.
- `arms`: one entry a trained learner and strategy, and the dummy (class shares of natural train) first:
  - `learner`, `strategy`, `threshold` (null for multiclass), `notes`;
  - binary: `threshold_rule`, the rule that it follows: f1 where no threshold meets the wanted one;
  - `validation`: `average_precision`, and for binary `threshold_metric`, what the threshold reaches by its rule;
  - `test`: average_precision, roc_auc, precision, recall, f1, mcc, balanced_accuracy, g_mean, brier, log_loss and
    accuracy (binary also f2 and specificity); macro means over the classes with test rows for multiclass;
  - `intervals`: by metric `low` and `high`;
  - binary: `confusion` (four counts at the threshold), `mean_probability`, `pr_curve` ([recall, precision]),
    `roc_curve` ([false positive rate, recall]), `reliability` (bins: lower, upper, rows, mean_predicted, observed);
  - binary, but for the dummy: `operating_points`, one entry a rule (`f_beta`, `cost`, `precision`, `recall`, `alerts`):
    `wanted` in words, `threshold` chosen on validation (null where none reaches it) with `threshold_low` and
    `threshold_high`, and the share of validation's resamples in which one was `reached`; on test `test` (precision,
    recall, f1, alerts and cost in a thousand rows), `intervals` and `confusion`; at `cost` also `by_formula`, the
    threshold that the costs give to right probabilities, with the `scale` of these (calibrated, or natural without a
    calibrator) and its `test`, `intervals` and `confusion`;
  - binary: `calibration`, null for the dummy, see `counterpoise.core.evaluate.calibrated.calibration_record`;
  - binary: `thresholds`, what thresholds do on validation and test, null for the dummy, see
    `counterpoise.core.evaluate.explorer.threshold_counts`;
  - binary: `top`, precision and recall among the `k` rows ranked highest, see `counterpoise.core.evaluate.top`;
  - multiclass: `confusion_matrix` (true class by called class) and `per_class` (class, rows, prevalence,
    average_precision, roc_auc, precision, recall, f1, pr_curve, roc_curve, and `intervals` by metric: empty for all
    but the fifty smallest classes).
- `comparisons`: one entry a learner where something was resampled: `reference` none, `differences` (by metric
  `difference`, `low`, `high`: strategy minus none, paired), `verdict` (`learner`, `outcome`, `text`).
- `correction`: null for multiclass, else the prior correction of the resampled train table: `natural_prevalence`,
  `training_prevalence`, `odds_factor`, `formula`, `snippet`, `test_prevalence` and by learner the threshold in two
  scales (`threshold_training_scale`, `threshold_natural_scale`), how good probabilities are on test `before` and
  `after` it, and `calibrated`: the calibrator (`method`, `parameters`, `snippet`, and the `rows` and `positives` of
  validation it was fitted on), the `threshold_calibrated_scale`, how many test rows are `decided_otherwise` by it, and
  how good the calibrated probabilities are; null without a calibrator, and `calibrated_note` says why.
- `slices`: null for multiclass, else for the `learner` of the verdict with `strategy` at its `threshold` the
  `segments` of test with the lowest recall, see `counterpoise.core.evaluate.slices.worst_slices`.
- `leak`: what resampling before the split would have shown beside the honest scores, or `skipped`, which says why
  that is not simulated, see `counterpoise.core.evaluate.leak.simulate_leak`.
- `verdict`: one sentence on the learner that ranked best on validation, which is `verdict_learner`;
  `verdict_outcome`: helped, hurt, no_difference, undecided, or baseline where nothing was resampled.
- `notes`: what the reader must know.

The flow adds `synthetic_quality` and `resampled_validation`, see `counterpoise.core.quality`, and `previous`: what has
changed since the previous version, see `counterpoise.core.history.records.SinceVersion`; null for the first one; and
`report`: what the page says of the other stages, see `counterpoise.core.report.facts.report_record`.
"""

from counterpoise.core.evaluate.compare import compare_strategies
from counterpoise.core.evaluate.imbalance import ImbalanceDegree, degree_of_imbalance
from counterpoise.core.evaluate.tables import EvaluationTables

__all__ = ["EvaluationTables", "ImbalanceDegree", "compare_strategies", "degree_of_imbalance"]
