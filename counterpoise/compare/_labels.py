"""The names of candidates in sentences and on the page."""

from __future__ import annotations

import json

from counterpoise.config import OWN_LEARNERS, Step, parse_learner, parse_strategy
from counterpoise.results import Candidate, learner_label, strategy_label


def strategy_words(text: str) -> str:
    """Return a strategy in words.

    >>> strategy_words('smote {"ratio": 0.5} + random_under'), strategy_words("none")
    ('SMOTE (ratio 0.5) + random under-sampling', 'no resampling')
    """
    return " + ".join(strategy_label(step.name) + _options(step) for step in parse_strategy(text))


def learner_words(text: str) -> str:
    """Return a learner in words; for an import path, its class name.

    >>> learner_words('sklearn.tree:DecisionTreeClassifier {"max_depth": 5}'), learner_words("random_forest")
    ('DecisionTreeClassifier (max_depth 5)', 'random forest')
    """
    if text == "dummy":
        return text
    if text.partition("{")[0].strip() in OWN_LEARNERS:
        return strategy_words(text)
    step = parse_learner(text) if "." in text or "{" in text else Step(text.strip())
    name = step.name.replace(":", ".").rpartition(".")[2]
    return (name if "." in step.name else learner_label(name)) + _options(step)


def candidate_words(candidate: Candidate) -> str:
    """Return a candidate in words; a strategy that is its own learner is named once.

    >>> candidate_words(Candidate(strategy="smote", learner="random_forest"))
    'random forest with SMOTE'
    >>> candidate_words(Candidate(strategy="easy_ensemble", learner="easy_ensemble"))
    'easy ensemble'
    """
    if candidate.learner in (candidate.strategy, "dummy"):
        return learner_words(candidate.learner)
    return f"{learner_words(candidate.learner)} with {strategy_words(candidate.strategy)}"


def _options(step: Step) -> str:
    shown = [f"{name} {value if isinstance(value, str) else json.dumps(value)}" for name, value in step.options.items()]
    return f" ({', '.join(shown)})" if shown else ""
