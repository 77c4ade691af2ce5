"""Columns that name what rows belong to are found by their values, and quantities and categories are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from counterpoise.config import SplitConfig
from counterpoise.suggest._entities import entity_of, find_entities
from counterpoise.suggest._profile import profile_columns
from tests.snapshots import snapshot_of

ROWS = 3_000
Columns = dict[str, Any]


def found(columns: Columns, folder: Path) -> dict[str, tuple[str, ...]]:
    snapshot = snapshot_of(pa.table(columns), folder)
    profiles = [profile for profile in profile_columns(snapshot) if profile.name != "label"]
    return {entity.name: entity.same for entity in find_entities(snapshot, "label", profiles)}


def patients(rng: np.random.Generator) -> Columns:
    """Return rows whose label follows from the patient, and nothing else does."""
    who = rng.integers(0, 500, ROWS)
    risk = rng.random(500) < 0.1
    return {"c0": 100_000 + 37 * who, "x": rng.normal(size=ROWS), "z": rng.normal(size=ROWS), "label": risk[who]}


def cards(rng: np.random.Generator) -> Columns:
    """Return purchases with a card, whose holder has a home and a gender; the label follows from nothing."""
    who = rng.integers(0, 300, ROWS)
    home, gender = rng.normal(size=300), rng.integers(0, 2, 300)
    number = np.array([f"4{digits:015d}" for digits in rng.integers(0, 10**15, 300)])
    spent = rng.lognormal(3, 1, ROWS)
    return {"c0": number[who], "lat": home[who], "m": gender[who], "spent": spent, "label": rng.random(ROWS) < 0.1}


def visits(rng: np.random.Generator) -> Columns:
    """Return visits of patients numbered by when they came first; half came once."""
    who = np.sort(rng.integers(0, 2_500, ROWS))
    race, gender, since = rng.integers(0, 5, 2_500), rng.integers(0, 2, 2_500), np.arange(2_500) // 90
    columns = {"race": race[who], "gender": gender[who], "since": since[who], "stay": rng.poisson(4, ROWS)}
    return {"c0": 7 * who + 9, **columns, "label": rng.random(ROWS) < 0.1}


def floats(rng: np.random.Generator) -> Columns:
    """Return patients whose numbers became floats, because some are missing."""
    table = patients(rng)
    return {**table, "c0": np.where(rng.random(ROWS) < 0.02, np.nan, table["c0"].astype(float))}


@pytest.mark.parametrize("make", [patients, cards, visits, floats])
@pytest.mark.parametrize("seed", range(3))
def test_a_column_that_names_what_rows_belong_to_is_found_by_its_values(make: Any, seed: int, tmp_path: Path) -> None:
    assert next(iter(found(make(np.random.default_rng(seed)), tmp_path))) == "c0"


def test_a_column_named_so_is_found_if_its_rows_are_alike(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    who = np.repeat(np.arange(30), 100)
    signal = rng.normal(size=(30, 6))[who] + rng.normal(size=(ROWS, 6))
    columns = {f"x{number}": signal[:, number] for number in range(6)} | {"label": rng.random(ROWS) < 0.2}
    assert found({"subject": who + 1, **columns}, tmp_path / "a") == {"subject": ()}
    assert found({"c0": who + 1, **columns}, tmp_path / "b") == {}
    assert found({"subject": rng.permutation(who), **columns}, tmp_path / "c") == {}


def features(rng: np.random.Generator) -> Columns:
    """Return usual features: quantities with many equal values, skewed ones, codes of areas and categories."""
    age, balance = rng.integers(18, 90, ROWS), rng.lognormal(7, 1, ROWS).round(-1).astype(int)
    area = rng.integers(0, 60, ROWS)
    state = np.array([f"state {number}" for number in rng.integers(0, 12, 60)])
    product = np.array([f"product {number}" for number in rng.zipf(1.4, ROWS).clip(1, 90)])
    columns = {"income": 300 * age + 50 * rng.integers(0, 3, ROWS), "product": product}
    label = rng.random(ROWS) < 1 / (1 + np.exp(6 - age / 15))
    return {"age": age, "balance": balance, "area": area * 1_000, "state": state[area], **columns, "label": label}


def quantised(rng: np.random.Generator) -> Columns:
    """Return a physical quantity that determines others smoothly, and a label that follows from it."""
    pressure = rng.integers(100, 400, ROWS)
    others = {"volume": (90_000 / pressure).round(1), "heat": pressure // 3, "noise": rng.normal(size=ROWS)}
    return {"pressure": pressure, **others, "label": pressure > 360}


def doubled(rng: np.random.Generator) -> Columns:
    """Return rows that are all there several times."""
    once = {"n": np.arange(1_000) * 3, "x": rng.normal(size=1_000), "label": rng.random(1_000) < 0.2}
    return {name: np.tile(values, 3) for name, values in once.items()}


def counted(rng: np.random.Generator) -> Columns:
    """Return weights of a survey, equal for people alike, and a count that is mostly zero."""
    sex, race = rng.integers(0, 2, ROWS), rng.integers(0, 4, ROWS)
    weight = (np.exp(rng.normal(12, 0.5, 900)) // 1).astype(int)[rng.integers(0, 110, ROWS) * 8 + sex * 4 + race]
    gain = np.where(rng.random(ROWS) < 0.9, 0, rng.integers(1, 200, ROWS) * 17)
    return {"weight": weight, "gain": gain, "sex": sex, "race": race, "label": rng.random(ROWS) < 0.2}


@pytest.mark.parametrize("make", [features, quantised, doubled, counted])
@pytest.mark.parametrize("seed", range(3))
def test_usual_features_name_nothing_that_rows_belong_to(make: Any, seed: int, tmp_path: Path) -> None:
    assert found(make(np.random.default_rng(seed)), tmp_path) == {}


@pytest.mark.parametrize("make", [patients, cards, visits, features])
def test_rows_in_another_order_name_the_same(make: Any, tmp_path: Path) -> None:
    table = pa.table(make(np.random.default_rng(5)))
    shuffled = table.take(pa.array(np.random.default_rng(6).permutation(ROWS)))
    assert found(dict(zip(table.column_names, table.columns, strict=True)), tmp_path / "a") == found(
        dict(zip(table.column_names, shuffled.columns, strict=True)), tmp_path / "b"
    )


@pytest.mark.parametrize("sizes", [[1] * 50, [2] * 40, [1, 2, 3, 10, 60]])
def test_rows_that_would_be_apart_are_those_of_many_random_splits(sizes: list[int], tmp_path: Path) -> None:
    who = np.repeat(np.arange(len(sizes)), sizes)
    entity = entity_of(snapshot_of(pa.table({"who": who, "label": who % 2}), tmp_path), "who")
    rng = np.random.default_rng(0)
    apart = []
    for _ in range(400):
        part = rng.choice(3, len(who), p=[0.6, 0.2, 0.2])
        mixed = [len(np.unique(part[who == one])) > 1 for one in range(len(sizes))]
        apart.append(np.array(sizes)[mixed].sum())
    assert entity.apart(SplitConfig()) == pytest.approx(np.mean(apart), abs=1.5)
