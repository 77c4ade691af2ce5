"""What the final concludes: paired differences, the mean effect over draws, and the verdict in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from counterpoise.compare._final.draws import FinalDraws
from counterpoise.compare._final.finalist_scores import FinalistScores, score_finalist
from counterpoise.compare._final.finalists import LEAVES_ROWS, about, reference_of
from counterpoise.compare._labels import candidate_words, learner_words, strategy_words
from counterpoise.evaluate import (
    DrawnArms,
    EvaluationTask,
    LearnerDraws,
    Resampled,
    arm_record,
    baseline_verdict,
    mean_effects,
    paired_differences,
    resample_arms,
    rival_verdict,
    single_rows,
    strategy_verdict,
    without_nan,
)
from counterpoise.results import DUMMY, Candidate, Final, Leaderboard


def scored_draws(
    task: EvaluationTask, leaderboard: Leaderboard, contenders: Mapping[Candidate, FinalistScores], draws: FinalDraws
) -> LearnerDraws | None:
    """Return all draws of the pair that the verdict is about, the published one first; None if there is one only."""
    candidate = about(leaderboard)
    if candidate is None or not (draws.pairs or draws.note):
        return None
    reference = reference_of(candidate, leaderboard)
    if reference is None:
        return None
    scored = dict[str, Any]()
    arms = [DrawnArms(contenders[candidate].arm, contenders[reference].arm)]
    for pair in draws.pairs:
        for refit in (pair.candidate, pair.reference):
            if refit.answers not in scored:
                scored[refit.answers] = score_finalist(task, refit).arm
        arms.append(DrawnArms(scored[pair.candidate.answers], scored[pair.reference.answers]))
    return LearnerDraws(draws.sampler, draws.learner, arms, draws.note)


@dataclass(frozen=True)
class Compared:
    """The finalists and the draws of the pair that the verdict is about."""

    leaderboard: Leaderboard
    contenders: Mapping[Candidate, FinalistScores]
    draws: LearnerDraws | None
    seed: int

    def comparisons(self, task: EvaluationTask, resampled: Mapping[str, Resampled]) -> list[dict[str, Any]]:
        """Return each finalist's paired differences from its reference, for the metrics that both have."""
        found = []
        for candidate, one in self.contenders.items():
            reference = reference_of(candidate, self.leaderboard)
            if candidate.learner == DUMMY or reference is None or reference not in self.contenders:
                continue
            other = self.contenders[reference]
            if not {one.key, other.key} <= resampled.keys():
                continue
            test = {name: value for name, value in one.arm.record["test"].items() if name in other.arm.record["test"]}
            differences = paired_differences(test, other.arm.record["test"], resampled[one.key], resampled[other.key])
            draws = self._draws(task, test) if candidate == about(self.leaderboard) else {}
            pair = {**candidate.model_dump(), "reference": reference.model_dump()}
            found.append({**pair, "differences": differences, **draws})
        return found

    def _draws(self, task: EvaluationTask, metrics: Mapping[str, Any]) -> dict[str, Any]:
        """Return the draws with the mean effect by metric; nothing if there is only the published one."""
        if self.draws is None:
            return {}
        found = mean_effects(task, {"": self.draws}, seed=self.seed)[""]
        return {"draws": {**found, "effects": {name: found["effects"][name] for name in metrics if found["effects"]}}}

    def as_rows(self, task: EvaluationTask) -> dict[str, Any]:
        """Return the verdict if each test row were independent, on the same draws."""
        single, candidate = single_rows(task), about(self.leaderboard)
        assert candidate is not None  # noqa: S101  # without a chosen candidate there is no final
        wanted = {candidate, reference_of(candidate, self.leaderboard)}
        pair = {one: found for one, found in self.contenders.items() if one in wanted}
        resampled, _ = resample_arms(single, [one.arm for one in pair.values()], seed=self.seed)
        arms = {
            one: arm_record(found.arm, found.predictions, resampled[found.key], task=single)
            for one, found in pair.items()
        }
        counts = single.deciding_rows, single.counted
        counted = _Counted(candidate, arms, self.comparisons(single, resampled), task.chance, counts)
        verdict = counted.verdict(task.config.equivalence)
        return {"deciding_rows": counts[0], "deciding_rows_are": counts[1], **verdict}


def final_verdict(final: Final, *, equivalence: float) -> dict[str, str]:
    """Return the verdict of a final, and its outcome, from its figures.

    Args:
        final: The final; its own verdict is not read.
        equivalence: The difference that does not matter (`evaluation.equivalence`).
    """
    arms = {Candidate(strategy=one.strategy, learner=one.learner): one.arm for one in final.finalists if one.arm}
    counts = final.deciding_rows, final.deciding_rows_are
    return _Counted(final.about, arms, list(final.comparisons), final.chance, counts).verdict(equivalence)


@dataclass(frozen=True)
class _Counted:
    """The candidate of a verdict, the arms by candidate, the comparisons, and the deciding rows with their name."""

    candidate: Candidate
    arms: Mapping[Candidate, dict[str, Any]]
    comparisons: list[dict[str, Any]]
    chance: float
    counts: tuple[int, str]

    def verdict(self, equivalence: float) -> dict[str, str]:
        """Return the verdict on the candidate, and its outcome."""
        candidate = self.candidate
        if candidate not in self.arms:
            text = f"No verdict: {candidate_words(candidate)} could not be trained on all train rows."
            return {"verdict": text, "outcome": "undecided"}
        key = candidate.strategy, candidate.learner
        found = [one for one in self.comparisons if (one["strategy"], one["learner"]) == key]
        counts: dict[str, Any] = {"rows": self.counts[0], "counted": self.counts[1]}
        if not found or candidate.strategy in LEAVES_ROWS:
            arm = {**self.arms[candidate], "learner": learner_words(candidate.learner)}
            verdict = baseline_verdict(arm, prevalence=self.chance, **counts)
        elif found[0]["reference"]["learner"] == candidate.learner:
            named = without_nan({**found[0], "learner": learner_words(candidate.learner)})
            strategy = strategy_words(candidate.strategy)
            verdict = strategy_verdict(named, strategy=strategy, equivalence=equivalence, **counts)
        else:
            names = candidate_words(candidate), candidate_words(Candidate(**found[0]["reference"]))
            verdict = rival_verdict(without_nan(found[0]), names=names, **counts)
        return {"verdict": verdict["text"], "outcome": verdict["outcome"]}
