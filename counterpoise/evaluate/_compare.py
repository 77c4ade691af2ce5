"""Compare resampling with no resampling: the same learners, the same threshold rule, the same test rows."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from counterpoise.config import EvaluationConfig
from counterpoise.errors import EvaluationError
from counterpoise.evaluate._alerts import alerts_a_day
from counterpoise.evaluate._amounts import RULE, amount_words
from counterpoise.evaluate._arms import DUMMY, Predictions, StrategyArms, dummy_predictions, train_arms
from counterpoise.evaluate._binary_facts import BinaryFacts, binary_facts
from counterpoise.evaluate._calibration.calibrated import correction_record, prior_correction
from counterpoise.evaluate._class_decisions import add_class_decisions, class_costs
from counterpoise.evaluate._decision_curves.curves import decision_curves
from counterpoise.evaluate._draws import draw_again, planned_draws
from counterpoise.evaluate._groups import compare_groups
from counterpoise.evaluate._independence import independence_record
from counterpoise.evaluate._inference.bootstrap import CONFIDENCE
from counterpoise.evaluate._inference.differences import arm_key, arm_record, compare_arms, resample_arms
from counterpoise.evaluate._inference.keyed import keyed_resamples
from counterpoise.evaluate._inference.mean_effects import mean_effects
from counterpoise.evaluate._leak.simulation import LeakSetting, simulate_leak
from counterpoise.evaluate._one_vs_rest import one_vs_rest
from counterpoise.evaluate._operating_points import fixed_thresholds, threshold_rules
from counterpoise.evaluate._slices import DecidedRows, worst_slices
from counterpoise.evaluate._tables import EvaluationTables, read_label_codes
from counterpoise.evaluate._task import EvaluationTask
from counterpoise.evaluate._threshold_alone import threshold_alone
from counterpoise.evaluate._verdict import FLOOR, baseline_verdict
from counterpoise.metrics import HEADLINE, METRICS, RANKING_METRICS
from counterpoise.results import learner_label, strategy_label
from counterpoise.runtime import Progress, child_generator, names_refusals, silent
from counterpoise.typing import Matrix

_BOOTSTRAP_METHOD = (
    "stratified, paired{}; percentiles moved by the bias, of the shortfall's logarithm for {}; differences by their "
    "standard error"
)


@names_refusals("evaluate")
def compare_strategies(
    tables: EvaluationTables, *, strategy: str, config: EvaluationConfig, seed: int, progress: Progress = silent
) -> dict[str, Any]:
    """Train every learner with and without the strategy and return the metrics record.

    Args:
        tables: The rows to train and evaluate on.
        strategy: The strategy behind `train_resampled`; with `none` only the natural train rows are used.
        config: Learners, threshold rule, class of interest and number of bootstrap resamples.
        seed: The run's seed.
        progress: Called after each fit and after the bootstrap.

    Raises:
        EvaluationError: A table is empty, a label is null, or train has only one class.
        ConfigError: `evaluation.positive_class` names no class.
    """
    _check_rows(tables)
    codes = read_label_codes(tables)
    task = EvaluationTask.of(codes, strategy=strategy, config=config)
    _costs(task)  # so that a wrong configuration is refused before anything is trained
    fits = len(task.strategies) * len(config.learners)
    total = fits + planned_draws(tables, task) + 1
    groups = _train(tables, task, seed=seed, progress=lambda done: progress(done, total))
    predictions = [dummy_predictions(tables, codes), *(arm for group in groups for arm in group.predictions)]
    record = _evaluated(tables, task, predictions, seed=seed, progress=lambda done: progress(fits + done, total))
    record["slices"] = _slices(tables, task, predictions, record, seed=seed)
    record["leak"] = _leak(tables, task, seed=seed)
    record["alerts_a_day"] = alerts_a_day(task, predictions, tables.test_days, seed=seed)
    record["threshold_alone"] = threshold_alone(task, predictions, record)
    progress(total, total)
    notes = _notes(tables, task, groups, record)
    encodings = {group.strategy: group.features for group in groups}
    cleaned = without_nan({**_setting(tables, task), "features": encodings, **record, "notes": notes})
    return dict(cleaned)


def bootstrap_method(task: EvaluationTask) -> str:
    """Return a description of how intervals are computed."""
    rankings = " and ".join(METRICS[name].label for name in RANKING_METRICS)
    whole = {"groups": ", of whole groups", "equal_rows": ", of whole sets of equal rows", "rows": ""}
    return _BOOTSTRAP_METHOD.format(whole[task.codes.unit], rankings)


def _check_rows(tables: EvaluationTables) -> None:
    for name, table in tables.by_name().items():
        if not table.num_rows:
            raise EvaluationError(
                "empty_table",
                expected=f"rows in the {name.replace('_', ' ')} table",
                found="none",
                remedy="check the shares of the split, or set evaluation.enabled to false",
            )


def _train(tables: EvaluationTables, task: EvaluationTask, *, seed: int, progress: Any) -> list[StrategyArms]:
    groups, done = [], 0
    arms = train_arms(tables, task.codes, strategies=task.strategies, learners=task.config.learners, seed=seed)
    for trained in arms:
        if isinstance(trained, StrategyArms):
            groups.append(trained)
        else:
            done += 1
            progress(done)
    return groups


def _evaluated(
    tables: EvaluationTables, task: EvaluationTask, predictions: list[Predictions], *, seed: int,
    progress: Callable[[int], None],
) -> dict[str, Any]:  # fmt: skip
    """Return the part of the record that depends on test."""
    evaluated = [task.evaluate(arm) for arm in predictions]
    done = itertools.count(1)
    draws = draw_again(tables, task, evaluated, seed=seed, progress=lambda: progress(next(done)))
    resampled, resamples = resample_arms(task, evaluated, seed=seed)
    arms = [
        arm_record(arm, predicted, resampled[arm_key(arm.learner, arm.strategy)], task=task)
        for arm, predicted in zip(evaluated, predictions, strict=True)
    ]
    facts = _add_binary_facts(task, arms, predictions, seed=seed)
    _add_class_decisions(task, arms, predictions, seed=seed)
    comparisons = compare_arms(task, arms, resampled, mean_effects(task, draws, seed=seed))
    headline = _headline(task, arms, comparisons)
    return {
        "bootstrap": {
            "resamples": resamples,
            "confidence": CONFIDENCE,
            "method": bootstrap_method(task),
        },
        "arms": arms,
        "keyed_resamples": keyed_resamples(task, evaluated, tables.keys_of_test),
        "comparisons": comparisons,
        "correction": _correction(task, facts),
        "decision_curves": decision_curves(task, [one.published for one in facts if one.published], seed=seed),
        "independence": independence_record(
            task, evaluated, draws, learner=headline["learner"], days=tables.test_days, seed=seed
        ),
        "one_vs_rest": one_vs_rest(task, predictions, seed=seed),
        "verdict": headline["text"],
        "verdict_outcome": headline["outcome"],
        "verdict_learner": headline["learner"],
    }


def _add_binary_facts(
    task: EvaluationTask, arms: list[dict[str, Any]], predictions: list[Predictions], *, seed: int
) -> list[BinaryFacts]:
    """Add the facts for two classes to each arm and return them; an empty list with more classes."""
    found = []
    for arm, predicted in zip(arms, predictions, strict=True) if task.positive is not None else ():
        found.append(binary_facts(task, predicted, threshold=arm["threshold"], seed=seed))
        arm.update(found[-1].record)
    return found


def _add_class_decisions(
    task: EvaluationTask, arms: list[dict[str, Any]], predictions: list[Predictions], *, seed: int
) -> None:
    """Add the facts for more than two classes to each arm."""
    costs = _costs(task)
    for arm, predicted in zip(arms, predictions, strict=True) if task.positive is None else ():
        add_class_decisions(task, arm, predicted, costs=costs, seed=seed)


def _costs(task: EvaluationTask) -> Matrix | None:
    """Return the configured costs by class; None with two classes, whose costs are those of their errors."""
    return class_costs(task.config, task.codes.classes) if task.positive is None else None


def _leak(tables: EvaluationTables, task: EvaluationTask, *, seed: int) -> dict[str, Any]:
    """Return the scores that resampling before the split would have shown, or why they are unknown."""
    codes = task.codes
    return simulate_leak(
        tables.train_natural,
        None if task.positive is None else codes.train_natural == task.positive,
        target=tables.target,
        strategy=task.strategy,
        seed=seed,
        setting=LeakSetting.of(codes, tables.train_ties),
    )


def _slices(
    tables: EvaluationTables, task: EvaluationTask, predictions: list[Predictions], record: dict[str, Any], *, seed: int
) -> dict[str, Any] | None:
    """Return the segments where the verdict's learner, as published, does worst; None with more than two classes.

    If groups are to be compared, the record gets `groups`, too.
    """
    if task.positive is None:
        return None
    learner, strategy = record["verdict_learner"], task.strategy
    arms = zip(predictions, record["arms"], strict=True)
    predicted, arm = next(pair for pair in arms if (pair[0].learner, pair[0].strategy) == (learner, strategy))
    scores, positive = predicted.test[:, task.positive], task.codes.test == task.positive
    place = {"learner": learner, "strategy": strategy, "threshold": arm["threshold"]}
    features = tables.test.drop_columns([tables.target])
    evaluated = DecidedRows(scores, positive, scores >= arm["threshold"], task.codes.groups.get("test"))
    if tables.slices is not None:
        record["groups"] = {**place, **compare_groups(tables.slices, evaluated)}
    rng = child_generator(seed, "evaluate", "slices")
    segments = worst_slices(features, evaluated, resamples=task.config.bootstrap, rng=rng)
    return {**place, "segments": segments}


def _headline(task: EvaluationTask, arms: list[dict[str, Any]], comparisons: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the verdict on the learner with the best ranking on validation, with or without the strategy."""
    trained = [arm for arm in arms if arm["learner"] != DUMMY]
    best = max(trained, key=lambda arm: _or_zero(arm["validation"][HEADLINE.name]))
    for comparison in comparisons:
        if comparison["learner"] == best["learner"]:
            return dict(comparison["verdict"])
    return baseline_verdict(best, prevalence=task.chance, rows=task.deciding_rows, counted=task.counted)


def _correction(task: EvaluationTask, facts: list[BinaryFacts]) -> dict[str, Any] | None:
    """Return the corrections of the published strategy by learner; None with more than two classes."""
    if task.positive is None:
        return None
    published = [(one.published, one.correction) for one in facts]
    learners = {arm.learner: made for arm, made in published if arm and made and arm.strategy == task.strategy}
    return correction_record(
        prior_correction(task.codes, task.positive, resampled=task.strategy != "none"),
        learners,
        positive_class=task.codes.classes[task.positive],
        test_prevalence=task.chance,
    )


def _setting(tables: EvaluationTables, task: EvaluationTask) -> dict[str, Any]:
    codes = task.codes
    labels = {name: getattr(codes, name) for name in tables.by_name()}
    binary = task.positive is not None
    costs = _costs(task)
    return {
        "schema": 1,
        "task": "binary" if binary else "multiclass",
        "classes": list(codes.classes),
        "positive_class": task.positive_class,
        "strategy": task.strategy,
        "learners": list(task.config.learners),
        "rows": {name: {"rows": len(label), "classes": codes.counts(label)} for name, label in labels.items()},
        "natural_rows": tables.natural_rows,
        "deciding_rows": task.deciding_rows,
        "deciding_rows_are": task.counted,
        "verdict_floor": FLOOR,
        "equivalence": task.config.equivalence,
        "chance_average_precision": task.chance,
        "majority_accuracy": float(np.bincount(codes.test).max() / len(codes.test)),
        "threshold_rule": threshold_rule(task) if binary else None,
        "costs": task.costs,
        "class_costs": None if costs is None else costs.tolist(),
    }


def threshold_rule(task: EvaluationTask) -> dict[str, str]:
    """Return how the threshold is chosen: the rule's name, its description, and the partition."""
    metric = task.config.threshold
    for fixed in fixed_thresholds(task.config):
        return {"metric": fixed.name, "wanted": fixed.wanted, "chosen_on": "configuration"}
    by_rule = {rule.name: rule.wanted for rule in threshold_rules(task.config)} | {RULE: amount_words(task.config)}
    return {
        "metric": metric,
        "wanted": by_rule.get(metric) or f"largest {METRICS[metric].label}",
        "chosen_on": "validation",
    }


def _notes(
    tables: EvaluationTables, task: EvaluationTask, groups: list[StrategyArms], record: dict[str, Any]
) -> list[str]:
    notes = list(tables.notes)
    if task.positive is None and task.config.positive_class:
        notes.append("evaluation.positive_class was ignored: there are more than two classes")
    unused = [name for name in ("slices", "cost_column") if task.positive is None and getattr(task.config, name)]
    notes += [f"evaluation.{name} was ignored: there are more than two classes" for name in unused]
    if task.positive is not None and task.config.class_costs:
        notes.append("evaluation.class_costs was ignored: there are two classes")
    resamples = record["bootstrap"]["resamples"]
    if resamples < task.config.bootstrap:
        notes.append(f"{resamples:,} instead of {task.config.bootstrap:,} bootstrap resamples, for speed")
    notes += dict.fromkeys(one["draws"]["note"] for one in record["comparisons"] if one["draws"]["note"])
    for group in groups:
        notes += [f"{strategy_label(group.strategy)}: {note}" for note in group.notes]
    for arm in record["arms"]:
        name = f"{learner_label(arm['learner'])}, {strategy_label(arm['strategy'])}"
        notes += [f"{name}: {note}" for note in arm["notes"]]
    return list(dict.fromkeys(notes))


def _or_zero(value: float) -> float:
    return 0.0 if math.isnan(value) else value


def without_nan(value: Any) -> Any:
    """Replace every number that JSON cannot represent by None."""
    if isinstance(value, dict):
        return {name: without_nan(item) for name, item in value.items()}
    if isinstance(value, list):
        return [without_nan(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
