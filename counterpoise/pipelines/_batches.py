"""Batches with rows of every class, for training by gradient descent."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import numpy as np

from counterpoise.config import ResamplingConfig, build_section
from counterpoise.errors import ArgumentError
from counterpoise.pipelines._arguments import as_arguments
from counterpoise.pipelines._tables import class_labels, seed_of
from counterpoise.resample import wanted_rows
from counterpoise.runtime import child_generator
from counterpoise.split import partition_targets
from counterpoise.table import class_name
from counterpoise.typing import Floats, Ints


class BalancedBatches:
    """Positions of rows in batches that all have the same numbers of each class.

    It is a batch sampler of PyTorch: `DataLoader(dataset, batch_sampler=BalancedBatches(labels))`. PyTorch is not
    needed to make one. An epoch uses each row of the largest class once, or twice to fill its last batch, and rows of
    each other class equally often, to within one. Each epoch draws anew.

    Args:
        y: The label of each row of the dataset.
        batch_size: Rows in a batch.
        ratio: The rows of each smaller class relative to the largest in a batch, as a number or by class: 1 for equal
            numbers. A class that has more rows than that keeps its share, and each class has a row at least.
        random_state: The seed, a generator, or None to draw anew each time.

    Attributes:
        classes: The labels, sorted.
        counts: The rows of each class in a batch.
        class_weights: The weight of each class in the loss: with it, a batch stands for the rows of the dataset.
        epoch: The number of the next epoch.

    Raises:
        ArgumentError: A label is missing, there is only one class, or a batch has no room for every class.
    """

    def __init__(
        self,
        y: Any,
        batch_size: int = 256,
        *,
        ratio: float | Mapping[Hashable, float] = 1.0,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        labels = class_labels(y, who=type(self).__name__)
        self.classes, codes, present = np.unique(labels, return_inverse=True, return_counts=True)
        self.batch_size, self.epoch = self._checked_size(batch_size), 0
        with as_arguments({" or resampling.class_ratios": ""}):
            wanted = self._wanted(present, ratio)
        self.counts = partition_targets(self.batch_size, tuple(wanted / wanted.sum()))
        self.class_weights: Floats = (present / present.sum()) / (self.counts / self.batch_size)
        self._rows = [np.flatnonzero(codes == code) for code in range(len(present))]
        self._seed = seed_of(random_state)
        largest = int(np.argmax(present))
        self._batches = int(-(-present[largest] // self.counts[largest]))

    def __repr__(self) -> str:
        """Return the rows of each class in a batch, and the number of batches."""
        rows = ", ".join(f"{label!r}: {count}" for label, count in zip(self.classes.tolist(), self.counts, strict=True))
        return f"{type(self).__name__}({{{rows}}} in each of {len(self):,} batches)"

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        return self._batches

    def __iter__(self) -> Iterator[list[int]]:
        """Yield the positions of the rows of each batch of the next epoch."""
        rng, self.epoch = child_generator(self._seed, "batches", self.epoch), self.epoch + 1
        decks = [_deck(rows, len(self) * int(count), rng) for rows, count in zip(self._rows, self.counts, strict=True)]
        for number in range(len(self)):
            parts = zip(decks, self.counts, strict=True)
            batch = np.concatenate([deck[number * count : (number + 1) * count] for deck, count in parts])
            yield rng.permutation(batch).tolist()

    def set_epoch(self, epoch: int) -> None:
        """Set the number of the next epoch, for example to go on from a checkpoint: it decides the draw."""
        self.epoch = epoch

    @property
    def pos_weight(self) -> float:
        """The weight of the second of two classes relative to the first, for `BCEWithLogitsLoss`.

        Raises:
            ArgumentError: There are more than two classes.
        """
        if len(self.classes) > 2:
            raise ArgumentError(
                "several_classes",
                expected="two classes for pos_weight",
                found=f"{len(self.classes)} classes",
                remedy="use class_weights, with CrossEntropyLoss",
            )
        return float(self.class_weights[1] / self.class_weights[0])

    def _checked_size(self, batch_size: Any) -> int:
        whole = isinstance(batch_size, int | np.integer)
        if not whole or batch_size < len(self.classes):
            raise ArgumentError(
                "batch_size",
                expected=f"room for a row of each of {len(self.classes)} classes in a batch",
                found=f"batch_size {batch_size!r}",
                remedy="choose a larger whole number",
            )
        return int(batch_size)

    def _wanted(self, present: Ints, ratio: float | Mapping[Hashable, float]) -> Ints:
        names = [class_name(label) for label in self.classes.tolist()]
        if isinstance(ratio, Mapping):
            ratio = {class_name(label): value for label, value in ratio.items()}
        settings = build_section(ResamplingConfig, {"strategy": "random_over", "ratio": ratio}, name="resampling")
        wanted = wanted_rows({name: int(number) for name, number in zip(names, present, strict=True)}, settings)
        return np.array([wanted[name] for name in names])


def _deck(rows: Ints, number: int, rng: np.random.Generator) -> Ints:
    """Return rows in random order, each as often as the others to within one."""
    rounds = -(-number // len(rows))
    return np.concatenate([rng.permutation(rows) for _ in range(rounds)])[:number]
