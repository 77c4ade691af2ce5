from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from counterpoise import BalancedBatches
from counterpoise.errors import ArgumentError

RNG = np.random.default_rng(0)
FEATURES = RNG.normal(size=(20_000, 3))
POSITIVE = RNG.random(20_000) < 1 / (1 + np.exp(4.5 - FEATURES @ [1.5, -1.0, 0.5]))
LABELS = np.array(["no"] * 900 + ["maybe"] * 80 + ["yes"] * 20)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31), st.integers(2, 5), st.integers(5, 64), st.floats(0.001, 1))
def test_every_batch_has_the_same_rows_of_every_class_and_uses_them_evenly(
    seed: int, classes: int, size: int, ratio: float
) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.choice(classes, size=int(rng.integers(classes, 500)), p=rng.dirichlet(np.ones(classes)))
    assume(len(np.unique(labels)) == classes)
    batches = BalancedBatches(labels, size, ratio=ratio, random_state=seed)
    found = list(batches)
    assert len(found) == len(batches)
    used = np.bincount(np.concatenate(found), minlength=len(labels))
    for code, count in enumerate(batches.counts):
        assert count >= 1
        assert {int((labels[batch] == code).sum()) for batch in found} == {int(count)}
        own = used[labels == code]
        assert own.max() - own.min() <= 1
    assert {len(batch) for batch in found} == {size}
    assert used[labels == np.bincount(labels).argmax()].min() >= 1


def test_the_ratio_is_that_of_the_sampler() -> None:
    assert BalancedBatches(LABELS, 90).counts.tolist() == [30, 30, 30]
    assert BalancedBatches(LABELS, 60, ratio=0.5).counts.tolist() == [15, 30, 15]
    assert BalancedBatches(LABELS, 60, ratio={"yes": 0.5, "maybe": 0.5}).counts.tolist() == [15, 30, 15]
    assert BalancedBatches(LABELS, 100, ratio=0.001).counts.tolist() == [8, 90, 2]


def test_batches_say_what_is_in_them() -> None:
    assert (
        repr(BalancedBatches(LABELS, 90)) == "BalancedBatches({'maybe': 30, 'no': 30, 'yes': 30} in each of 30 batches)"
    )


def test_epochs_differ_and_can_be_drawn_again() -> None:
    batches = BalancedBatches(LABELS, 30)
    first, second = list(batches), list(batches)
    assert first != second
    assert batches.epoch == 2
    batches.set_epoch(1)
    assert list(batches) == second
    assert list(BalancedBatches(LABELS, 30)) == first
    assert list(BalancedBatches(LABELS, 30, random_state=1)) != first


@given(st.floats(0.001, 1), st.integers(3, 300))
def test_with_its_weights_a_batch_has_the_class_shares_of_the_source(ratio: float, size: int) -> None:
    batches = BalancedBatches(LABELS, size, ratio=ratio)
    weighted = batches.counts * batches.class_weights
    np.testing.assert_allclose(weighted / size, [0.08, 0.9, 0.02])
    assert weighted.sum() == pytest.approx(size)  # so a mean weighted by class needs no other scale


def test_pos_weight_is_the_ratio_of_the_weights_of_two_classes() -> None:
    batches = BalancedBatches(POSITIVE, 128)
    odds = POSITIVE.mean() / (1 - POSITIVE.mean())
    assert batches.pos_weight == pytest.approx(odds)
    with pytest.raises(ArgumentError, match="class_weights"):
        _ = BalancedBatches(LABELS, 30).pos_weight


def trained(batches: BalancedBatches, weights: Any) -> Any:
    """Return the probabilities of a logistic regression by averaged stochastic gradient descent."""
    rows = np.column_stack([np.ones(len(FEATURES)), FEATURES])
    slopes, path = np.zeros(rows.shape[1]), []
    for epoch in range(8):
        for batch in batches:
            chances = 1 / (1 + np.exp(-rows[batch] @ slopes))
            weight = weights[POSITIVE[batch].astype(int)]
            slopes = slopes - rows[batch].T @ (weight * (chances - POSITIVE[batch])) / len(batch)
            path += [slopes] if epoch >= 4 else []
    return 1 / (1 + np.exp(-rows @ np.mean(path, axis=0)))


@pytest.mark.slow
def test_a_model_of_balanced_batches_believes_in_the_prevalence_with_the_weights_of_the_loss() -> None:
    batches = BalancedBatches(POSITIVE, 256)
    assert trained(batches, batches.class_weights).mean() == pytest.approx(POSITIVE.mean(), rel=0.01)
    assert trained(batches, np.ones(2)).mean() > 5 * POSITIVE.mean()


@pytest.mark.parametrize(
    ("labels", "options", "reason", "words"),
    [
        (LABELS, {"batch_size": 2}, "batch_size", "3 classes"),
        (LABELS, {"batch_size": 2.5}, "batch_size", "whole number"),
        (LABELS, {"ratio": 2}, "invalid_config", "correct ratio"),
        (LABELS, {"ratio": {"never": 0.5}}, "unknown_class", "'maybe', 'no', 'yes'"),
        (np.zeros(9), {}, "single_class", "two classes"),
        (pd.Series([0.0, 1.0, None]), {}, "missing_labels", "1 missing"),
    ],
)
def test_labels_that_make_no_batches_are_refused(labels: Any, options: Any, reason: str, words: str) -> None:
    with pytest.raises(ArgumentError, match=words) as caught:
        BalancedBatches(labels, **options)
    assert caught.value.reason == reason


@pytest.mark.slow
@pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed; it is no part of the lock file")
def test_pytorch_reads_the_batches_and_weighs_its_loss() -> None:
    import torch
    from torch.utils.data import DataLoader, TensorDataset

    batches = BalancedBatches(POSITIVE, 200)
    data = TensorDataset(torch.from_numpy(FEATURES), torch.from_numpy(POSITIVE.astype(np.int64)))
    loader = DataLoader(data, batch_sampler=batches, num_workers=0)
    assert len(loader) == len(batches)
    logits = torch.from_numpy(np.column_stack([np.zeros(len(FEATURES)), FEATURES @ [1.5, -1.0, 0.5] - 4.5]))
    whole = float(torch.nn.CrossEntropyLoss()(logits, data.tensors[1]))
    loss = torch.nn.CrossEntropyLoss(weight=torch.tensor(batches.class_weights))
    binary = torch.nn.BCEWithLogitsLoss(pos_weight=torch.tensor(batches.pos_weight))
    found, halves = [], []
    for features, labels in loader:
        assert int(labels.sum()) == 100
        slopes = torch.tensor([1.5, -1.0, 0.5], dtype=torch.float64)
        one = features @ slopes - 4.5
        found.append(float(loss(torch.stack([torch.zeros_like(one), one], dim=1), labels)))
        halves.append(float(binary(one, labels.double())) * batches.class_weights[0])
    np.testing.assert_allclose(found, halves)
    assert np.mean(found) == pytest.approx(whole, rel=0.02)
