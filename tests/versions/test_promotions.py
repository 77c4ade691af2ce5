from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from counterpoise.config import PromotionConfig
from counterpoise.errors import IntegrityError, MachineError
from counterpoise.persist import DatasetFolder, manifest_name, store_evaluation
from counterpoise.records import DatasetVersion
from counterpoise.versions._open import open_version
from counterpoise.versions._promotion.promote import PromotionOutcome, promote_by_hand, promote_by_rule
from counterpoise.versions._promotion.promotions import add_promotion, list_promotions, newest_promotion
from tests.manifests import forge
from tests.snapshots import mixed_table, run_engine
from tests.versions.records import metrics_of

ALWAYS, NOT_WORSE = PromotionConfig(rule="always"), PromotionConfig(rule="not_worse")


def version_of(root: Path, number: int, *, low: float | None = None) -> DatasetVersion:
    """Return a version, evaluated where it has a lower bound."""
    folder = DatasetFolder(root, "d")
    folder.store.create(manifest_name(number), b"a manifest\n")
    if low is not None:
        store_evaluation(
            folder,
            number,
            metrics=metrics_of(value=low + 0.005, half=0.005),
            files={"report.html": "<p>It helped.</p>"},
        )
    return DatasetVersion(
        root=str(root), dataset="d", version=number, run_key="k", data="data/1", manifest="versions/1.json",
        partitions={}, rejected=0, dropped=0,
    )  # fmt: skip


def promoted(root: Path) -> list[int]:
    return [promotion.version for promotion in list_promotions(DatasetFolder(root, "d"))]


def test_a_promotion_is_a_small_file_that_says_why(tmp_path: Path) -> None:
    outcome = promote_by_rule(NOT_WORSE, version_of(tmp_path, 1, low=0.4))
    (path,) = (tmp_path / "d/promotions").iterdir()
    assert path.name == "00000001.json"
    content = json.loads(path.read_text())
    assert {name: content[name] for name in ("format", "number", "version", "rule")} == {
        "format": 1, "number": 1, "version": 1, "rule": "not_worse",
    }  # fmt: skip
    assert content["numbers"]["low"] == pytest.approx(0.4)
    assert content["reason"] == outcome.reason
    assert content["created"].endswith("+00:00")
    assert newest_promotion(DatasetFolder(tmp_path, "d")) == outcome.promotion


def test_the_newest_promotion_counts(tmp_path: Path) -> None:
    first, second = version_of(tmp_path, 1), version_of(tmp_path, 2)
    for version in (first, second, first):
        assert promote_by_hand(version).promotion is not None
    newest = newest_promotion(DatasetFolder(tmp_path, "d"))
    assert newest is not None
    assert (newest.number, newest.version, newest.rule) == (3, 1, "by_hand")


def test_before_the_first_promotion_there_is_none(tmp_path: Path) -> None:
    assert newest_promotion(DatasetFolder(tmp_path, "d")) is None
    assert promoted(tmp_path) == []


def test_the_same_version_is_not_promoted_twice(tmp_path: Path) -> None:
    version = version_of(tmp_path, 1)
    assert promote_by_rule(ALWAYS, version).promotion is not None
    assert promote_by_rule(ALWAYS, version).promotion is None
    assert "already" in promote_by_hand(version).reason
    assert promoted(tmp_path) == [1]


def test_a_version_is_held_against_the_promoted_one_not_the_one_before(tmp_path: Path) -> None:
    for number, low in ((1, 0.4), (2, 0.2), (3, 0.3), (4, 0.45)):
        promote_by_rule(NOT_WORSE, version_of(tmp_path, number, low=low))
    assert promoted(tmp_path) == [1, 4]


def test_what_was_promoted_by_hand_stays_until_there_is_a_newer_version(tmp_path: Path) -> None:
    first, second = version_of(tmp_path, 1), version_of(tmp_path, 2)
    promote_by_rule(ALWAYS, second)
    promote_by_hand(first)
    assert "version 1 after it" in promote_by_rule(ALWAYS, second).reason
    assert promoted(tmp_path) == [2, 1]
    promote_by_rule(ALWAYS, version_of(tmp_path, 3))
    assert promoted(tmp_path) == [2, 1, 3]


def test_a_rule_does_not_go_back_to_an_older_version(tmp_path: Path) -> None:
    promote_by_rule(ALWAYS, version_of(tmp_path, 2))
    assert "version 2, which is newer" in promote_by_rule(ALWAYS, version_of(tmp_path, 1)).reason
    assert promoted(tmp_path) == [2]


def test_a_margin_that_is_raised_later_promotes_after_all(tmp_path: Path) -> None:
    promote_by_rule(NOT_WORSE, version_of(tmp_path, 1, low=0.4))
    second = version_of(tmp_path, 2, low=0.35)
    assert promote_by_rule(NOT_WORSE, second).promotion is None
    assert promote_by_rule(PromotionConfig(rule="not_worse", margin=0.1), second).promotion is not None


def together(*calls: threading.Thread) -> None:
    for call in calls:
        call.start()
    for call in calls:
        call.join()


def test_sixteen_promotions_at_once_get_sixteen_numbers(tmp_path: Path) -> None:
    outcomes: list[PromotionOutcome] = []
    versions = [version_of(tmp_path, number) for number in range(1, 17)]
    together(
        *(
            threading.Thread(target=lambda version=version: outcomes.append(promote_by_hand(version)))
            for version in versions
        )
    )
    numbers = [outcome.promotion.number for outcome in outcomes if outcome.promotion]
    assert sorted(numbers) == list(range(1, 17))
    assert sorted(promoted(tmp_path)) == list(range(1, 17))
    assert len(list((tmp_path / "d/promotions").iterdir())) == 16


def test_rules_at_once_decide_again_after_whoever_was_faster(tmp_path: Path) -> None:
    """Whatever the order, no version is promoted after a better or a newer one."""
    lows = {1: 0.3, 2: 0.5, 3: 0.4, 4: 0.6, 5: 0.05}
    versions = [version_of(tmp_path, number, low=low) for number, low in lows.items()]
    together(*(threading.Thread(target=promote_by_rule, args=(NOT_WORSE, version)) for version in versions))
    found = promoted(tmp_path)
    assert found == sorted(set(found))
    assert [lows[number] for number in found] == sorted(lows[number] for number in found)
    assert found[-1] == 4


def test_a_promotion_decided_on_an_old_state_is_not_made(tmp_path: Path) -> None:
    folder = DatasetFolder(tmp_path, "d")
    for number in (1, 2):
        version_of(tmp_path, number)
    assert add_promotion(folder, after=None, version=1, rule="always", reason="first") is not None
    assert add_promotion(folder, after=None, version=2, rule="always", reason="late") is None
    assert promoted(tmp_path) == [1]


def test_a_promotion_cut_in_half_is_refused_with_a_way_out(tmp_path: Path) -> None:
    for number in (1, 2):
        promote_by_hand(version_of(tmp_path, number))
    path = tmp_path / "d/promotions/00000002.json"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(IntegrityError, match=r"unreadable_file.*promotions/00000002\.json.*remove it"):
        newest_promotion(DatasetFolder(tmp_path, "d"))
    path.unlink()
    newest = newest_promotion(DatasetFolder(tmp_path, "d"))
    assert newest is not None
    assert newest.version == 1


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b'{"number": 1}'])
def test_what_is_no_promotion_is_refused(tmp_path: Path, content: bytes) -> None:
    promote_by_hand(version_of(tmp_path, 1))
    (tmp_path / "d/promotions/00000001.json").write_bytes(content)
    with pytest.raises(IntegrityError, match=r"Expected .*/promotions/00000001\.json as Counterpoise wrote it"):
        newest_promotion(DatasetFolder(tmp_path, "d"))


def test_a_file_under_the_number_of_another_is_refused(tmp_path: Path) -> None:
    promote_by_hand(version_of(tmp_path, 1))
    folder = tmp_path / "d/promotions"
    (folder / "00000002.json").write_bytes((folder / "00000001.json").read_bytes())
    with pytest.raises(IntegrityError, match="Found promotion 1"):
        newest_promotion(DatasetFolder(tmp_path, "d"))


def test_leftovers_of_a_killed_writer_are_harmless(tmp_path: Path) -> None:
    promote_by_hand(version_of(tmp_path, 1))
    (tmp_path / "d/promotions/.00000002.json.5f0c").write_text("{")
    assert promoted(tmp_path) == [1]
    assert promote_by_hand(version_of(tmp_path, 2)).promotion is not None
    assert promoted(tmp_path) == [1, 2]


def test_a_full_disk_promotes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    version = version_of(tmp_path, 1)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(MachineError, match=r"No space left on device.*published, but not promoted"):
        promote_by_hand(version)
    monkeypatch.undo()
    assert list((tmp_path / "d/promotions").iterdir()) == []


def test_metrics_cut_in_half_are_refused(tmp_path: Path) -> None:
    version = version_of(tmp_path, 1, low=0.4)
    path = tmp_path / "d/evaluations/00000001/metrics.json"
    path.write_text(path.read_text()[:100])
    with pytest.raises(
        IntegrityError, match=r"/evaluations/00000001/metrics\.json as Counterpoise wrote it.*run again"
    ):
        promote_by_rule(NOT_WORSE, version)


def test_a_folder_that_cannot_be_made_promotes_nothing(tmp_path: Path) -> None:
    version = version_of(tmp_path, 1, low=0.4)
    (tmp_path / "d/promotions").touch()
    with pytest.raises(MachineError, match=r"promote: in_the_way.*File exists.*published, but not promoted"):
        promote_by_hand(version)


def test_a_version_that_was_changed_after_its_promotion_is_not_the_promoted_one(tmp_path: Path) -> None:
    run = run_engine(mixed_table(400), tmp_path)
    promote_by_hand(run.version)
    folder = DatasetFolder(run.version.root, "tested")
    assert open_version(f"{folder.address}@promoted").number == 1
    forge(folder, lambda content: content.update(created="2020-01-01T00:00:00+00:00"))
    with pytest.raises(IntegrityError, match=r"other_version.*00000001\.json.*promote the version again"):
        open_version(f"{folder.address}@promoted")
    assert open_version(f"{folder.address}@1").number == 1
