"""Synthetic rows that are published alone, and what an attack computes from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from imblearn.over_sampling import SMOTE

from counterpoise.errors import ResamplingError
from counterpoise.evaluate import load_tables
from counterpoise.persist import DatasetFolder
from counterpoise.report._sections.synthetic import NO_ANONYMISATION, attack_in_words
from counterpoise.results import Reconstruction
from counterpoise.synthetic import _alone
from counterpoise.synthetic._reconstruction import found_among, reconstruct
from counterpoise.typing import Matrix
from counterpoise.verify._version import verify_version
from counterpoise.versions import open_version
from tests.manifests import forge
from tests.snapshots import EngineRun, mixed_table, run_engine
from tests.synthetic.conftest import found_quality, numbers_table


def made_of(real: Matrix, *, ratio: int, seed: int = 0) -> Matrix:
    """Return the rows that imbalanced-learn's SMOTE makes of some rows."""
    others = np.random.default_rng(seed).normal(size=(ratio * len(real), real.shape[1]))
    points, labels = np.vstack([others, real]), np.repeat([0, 1], [len(others), len(real)])
    return np.asarray(SMOTE(random_state=seed).fit_resample(points, labels)[0][len(points) :])


@pytest.mark.parametrize("columns", [3, 5, 10])
@pytest.mark.parametrize("seed", [0, 1])
def test_what_the_attack_claims_are_the_parents(columns: int, seed: int) -> None:
    real = np.random.default_rng(seed).normal(size=(60, columns))
    found = reconstruct(made_of(real, ratio=20, seed=seed))
    right, claimed = found_among(found, real)
    assert right.all()
    assert claimed.mean() > 0.95


def test_fewer_synthetic_rows_reveal_fewer_real_ones() -> None:
    real = np.random.default_rng(0).normal(size=(60, 5))
    recalls = [found_among(reconstruct(made_of(real, ratio=ratio)), real)[1].mean() for ratio in (4, 10, 20)]
    assert recalls == sorted(recalls)
    assert recalls[0] < 0.5


def test_rows_that_lie_on_no_lines_reveal_nothing() -> None:
    rows = np.random.default_rng(0).normal(size=(600, 5))
    found = reconstruct(rows)
    assert len(found.columns) == 5
    assert len(found.claims) <= 3


def test_columns_without_enough_digits_are_left_to_other_attacks() -> None:
    real = np.random.default_rng(0).normal(size=(60, 5))
    rounded = np.round(made_of(real, ratio=20), 1)
    assert len(reconstruct(rounded).columns) == 0
    mixed = np.column_stack([made_of(real, ratio=20), rounded[:, :1]])
    assert reconstruct(mixed).columns.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("rows", [0, 1, 5])
def test_few_rows_reveal_nothing(rows: int) -> None:
    assert len(reconstruct(np.random.default_rng(0).normal(size=(rows, 4))).claims) == 0


def published_alone(table: pa.Table, folder: Path, **resampling: Any) -> EngineRun:
    output = {"root": str(folder / "datasets"), "rows": "synthetic"}
    return run_engine(table, folder, resampling={"strategy": "smote", **resampling}, output=output)


def test_train_has_synthetic_rows_only_and_verifies(tmp_path: Path) -> None:
    run = published_alone(numbers_table(900, share=0.1), tmp_path)
    version = open_version(f"{run.version.root}/{run.version.dataset}")
    assert set(version.to_arrow("keys/train")["origin"].to_pylist()) == {"synthetic"}
    assert set(version.to_arrow("train")["label"].to_pylist()) == {1}
    assert verify_version(run.version.root, run.version.dataset, 1) == []


def test_a_version_that_promises_synthetic_rows_only_and_has_others_does_not_verify(tmp_path: Path) -> None:
    run = run_engine(numbers_table(900, share=0.1), tmp_path, resampling={"strategy": "smote"})
    forge(DatasetFolder.of(run.version), lambda content: content["config"]["output"].update(rows="synthetic"))
    assert any("synthetic rows only" in one for one in verify_version(run.version.root, run.version.dataset, 1))


def test_the_card_attacks_and_says_what_it_found(tmp_path: Path) -> None:
    quality = found_quality(published_alone(numbers_table(1_500, share=0.08), tmp_path))
    (one,) = quality.reconstruction
    assert (one.name, one.columns, one.of_columns) == ("1", 5, 5)
    assert one.right == one.claims > 0
    assert one.found / one.real_rows > 0.5
    assert quality.classes == ()
    assert f"it finds {one.found} of {one.real_rows}" in attack_in_words(one, name="1")


def test_the_attack_compares_with_real_rows_in_parts_as_with_all_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = published_alone(numbers_table(1_500, share=0.08), tmp_path)
    whole = found_quality(run).reconstruction
    monkeypatch.setattr(_alone, "_AT_ONCE", 7)
    assert found_quality(run).reconstruction == whole


def test_with_real_rows_beside_them_there_is_nothing_to_attack(tmp_path: Path) -> None:
    run = run_engine(numbers_table(900, share=0.1), tmp_path, resampling={"strategy": "smote"})
    assert found_quality(run).reconstruction == ()


def test_learners_get_the_rows_of_the_source_as_well(tmp_path: Path) -> None:
    run = published_alone(numbers_table(900, share=0.1), tmp_path)
    tables = load_tables(run.config, snapshot=run.snapshot, split=run.split, version=run.version)
    assert tables.train_resampled.num_rows == tables.train_natural.num_rows + run.version.partitions["train"].rows
    assert "synthetic rows only" in tables.notes[0]


@pytest.mark.parametrize("strategy", ["none", "weights", "random_over", "random_under"])
def test_a_strategy_that_makes_no_rows_is_refused(tmp_path: Path, strategy: str) -> None:
    with pytest.raises(ResamplingError, match=r"no_synthetic_rows.*such as smote"):
        published_alone(mixed_table(400, share=0.2), tmp_path, strategy=strategy)


def test_the_sentence_for_columns_that_are_too_coarse_promises_nothing() -> None:
    one = Reconstruction(name="1", synthetic_rows=9, columns=0, of_columns=2, claims=0, right=0, real_rows=5, found=0)
    assert "Other attacks may succeed" in attack_in_words(one, name="1")
    assert "no anonymisation" in NO_ANONYMISATION
