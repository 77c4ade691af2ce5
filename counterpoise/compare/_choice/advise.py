"""Advise a strategy for a source before any run: the decision of `auto`, and the estimated costs of every strategy."""

from __future__ import annotations

from pathlib import Path

from counterpoise.compare._choice.choose import choose_resampling
from counterpoise.config import BalanceConfig
from counterpoise.records import Snapshot, SplitPlan, StrategyChoice
from counterpoise.resample import ResamplingPreview, preview_resampling


def advise_resampling(config: BalanceConfig, *, folder: Path) -> ResamplingPreview:
    """Decide as `auto` would, and estimate the costs of every strategy; nothing is published.

    Args:
        config: The whole configuration; its strategy does not matter for the decision.
        folder: A working area for the data that is read from the source.

    Raises:
        CounterpoiseError: As for `preview_resampling` and `choose_resampling`.
    """

    def choose(snapshot: Snapshot, split: SplitPlan) -> StrategyChoice:
        return decide_strategy(config, snapshot, split, folder=folder / "auto")

    return preview_resampling(config, folder=folder, choose=choose)


def decide_strategy(config: BalanceConfig, snapshot: Snapshot, split: SplitPlan, *, folder: Path) -> StrategyChoice:
    """Return what `auto` would become, whatever strategy is configured.

    Args:
        config: The whole configuration.
        snapshot: The source.
        split: Assigns its rows to train.
        folder: A working area.

    Raises:
        CounterpoiseError: As for `choose_resampling`.
    """
    settings = config.resampling.model_copy(update={"strategy": "auto", "options": "{}"})
    asked = config.model_copy(update={"resampling": settings})
    chosen = choose_resampling(asked, snapshot, split, folder=folder)
    assert chosen.choice is not None  # noqa: S101  # the strategy is auto
    return chosen.choice
