from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from counterpoise.config import PromotionConfig
from counterpoise.errors import IntegrityError, VersionNotFoundError
from counterpoise.persist import run_key
from counterpoise.versions._open import find_version, list_datasets, list_versions, open_version
from counterpoise.versions._promotion.promote import promote_by_hand
from tests.snapshots import mixed_table, run_engine


def test_versions_are_opened_by_number_or_the_newest(tmp_path: Path) -> None:
    table = mixed_table(300)
    run_engine(table, tmp_path)
    run_engine(table, tmp_path, seed=1)
    root = tmp_path / "datasets"
    assert open_version(root / "tested").number == 2
    assert open_version(f"{root}/tested@1").number == 1
    assert [version.version for version in list_versions(root, "tested")] == [1, 2]
    assert list_datasets(root) == ["tested"]
    assert list_datasets(tmp_path / "nothing") == []


@pytest.mark.parametrize("address", ["tested@9", "tested@0", "other", "..", ""])
def test_what_was_never_published_is_told_with_what_was(tmp_path: Path, address: str) -> None:
    run_engine(mixed_table(300), tmp_path)
    with pytest.raises(VersionNotFoundError, match="What to do"):
        open_version(f"{tmp_path / 'datasets'}/{address}")


@pytest.mark.parametrize("address", ["tested@9", "tested@latest", "other"])
def test_the_command_that_lists_what_was_published_is_told_whole(tmp_path: Path, address: str) -> None:
    run_engine(mixed_table(300), tmp_path)
    with pytest.raises(VersionNotFoundError, match="What to do") as caught:
        open_version(f"{tmp_path / 'datasets'}/{address}")
    assert f"`counterpoise versions {tmp_path / 'datasets'}`" in caught.value.remedy


def test_an_unknown_part_is_told_with_the_known_ones(tmp_path: Path) -> None:
    run_engine(mixed_table(300), tmp_path)
    with pytest.raises(VersionNotFoundError, match="train, validation, test"):
        open_version(tmp_path / "datasets" / "tested").path("training")


def test_frames_lose_nothing(tmp_path: Path) -> None:
    """Fault 10: 2^53 + 1 beside a null."""
    table = mixed_table(500)
    run_engine(table, tmp_path)
    version = open_version(tmp_path / "datasets" / "tested")
    frame = version.to_pandas("test")
    rows = version.to_arrow("keys/test")["source_row"]
    assert str(frame["big"].dtype) == "Int64"
    expected = table.take(rows).to_pylist()
    assert [None if pd.isna(value) else int(value) for value in frame["big"]] == [row["big"] for row in expected]
    assert frame["day"].tolist() == [row["day"] for row in expected]
    assert frame["price"].tolist() == [row["price"] for row in expected]


def test_an_empty_part_reads_as_no_rows(tmp_path: Path) -> None:
    run_engine(mixed_table(300), tmp_path)
    version = open_version(tmp_path / "datasets" / "tested")
    assert version.to_arrow("rejected").num_rows == 0
    assert version.to_pandas("rejected").shape == (0, 0)


def test_the_run_key_follows_what_decides_the_bytes_and_nothing_else(tmp_path: Path) -> None:
    run = run_engine(mixed_table(300), tmp_path)
    key = run_key(run.config, "digest")
    moved = run.config.model_copy(update={"output": run.config.output.model_copy(update={"root": "elsewhere"})})
    assert run_key(moved, "digest") == key
    assert run_key(run.config, "other") != key
    assert run_key(run.config.model_copy(update={"seed": 1}), "digest") != key


def test_a_version_is_found_by_configuration_and_source(tmp_path: Path) -> None:
    run = run_engine(mixed_table(300), tmp_path)
    found = find_version(run.config, run.snapshot.digest)
    assert found == run.version.model_copy(update={"created": False})
    assert find_version(run.config, "other") is None
    assert find_version(run.config, "") is None


def test_the_promoted_version_is_opened_by_that_word(tmp_path: Path) -> None:
    table = mixed_table(300)
    first, _ = (run_engine(table, tmp_path, seed=seed).version for seed in range(2))
    address = f"{tmp_path / 'datasets'}/tested@promoted"
    assert open_version(tmp_path / "datasets" / "tested").promotion is None
    with pytest.raises(VersionNotFoundError, match=r"none_promoted.*2 published.*counterpoise promote .*tested@2"):
        open_version(address)
    promotion = promote_by_hand(first).promotion
    opened = open_version(address)
    assert opened.number == 1
    assert opened.promotion == promotion
    assert open_version(tmp_path / "datasets" / "tested").promotion == promotion


def test_a_promoted_version_that_is_gone_is_told(tmp_path: Path) -> None:
    run_engine(mixed_table(300), tmp_path)
    promote_by_hand(run_engine(mixed_table(300), tmp_path, seed=1).version)
    (tmp_path / "datasets" / "tested" / "versions" / "00000002.json").unlink()
    with pytest.raises(VersionNotFoundError, match=r"Expected version 2 of tested\. Found versions 1\."):
        open_version(tmp_path / "datasets" / "tested@promoted")


def test_a_promotion_cut_in_half_opens_nothing_but_numbers(tmp_path: Path) -> None:
    promote_by_hand(run_engine(mixed_table(300), tmp_path).version)
    folder = tmp_path / "datasets" / "tested"
    (folder / "promotions" / "00000001.json").write_text("{")
    with pytest.raises(IntegrityError, match="unreadable_file"):
        open_version(f"{folder}@promoted")
    assert open_version(f"{folder}@1").number == 1


@pytest.mark.parametrize("address", ["other@promoted", "tested@newest", "tested@"])
def test_what_was_never_published_is_not_promoted_either(tmp_path: Path, address: str) -> None:
    run_engine(mixed_table(300), tmp_path)
    with pytest.raises(VersionNotFoundError, match="What to do"):
        open_version(f"{tmp_path / 'datasets'}/{address}")


def test_the_run_key_does_not_follow_when_a_version_is_promoted(tmp_path: Path) -> None:
    config = run_engine(mixed_table(300), tmp_path).config
    promoting = config.model_copy(update={"promotion": PromotionConfig(rule="always", metric="mcc", margin=0.5)})
    assert run_key(promoting, "digest") == run_key(config, "digest")
