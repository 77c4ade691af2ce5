from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.damaged_files import edit, flip
from counterpoise.compare import newest_leaderboard
from counterpoise.errors import IntegrityError
from counterpoise.evaluate import evaluation_problem, find_evaluation, is_evaluated
from counterpoise.persist._commit import read_manifest
from counterpoise.persist._files.evaluation_files import find_stored_evaluation
from counterpoise.persist._manifest import version_record
from counterpoise.verify._comparisons import comparison_differences
from counterpoise.verify._evaluation import evaluation_differences
from counterpoise.verify._promotions import promotion_differences
from counterpoise.verify._verification import verify_address
from counterpoise.versions import find_baseline, newest_promotion, record_access
from tests.damage import damage_told, rewrite, sealed_again
from tests.every_file import Dataset, make_dataset

pytestmark = pytest.mark.slow

KINDS = (
    "metrics", "report", "correction", "promotion", "tournament", "tournament page", "look", "source", "profile",
    "validation", "refusal",
)  # fmt: skip
ONLY_TRAINING_PROVES = re.compile(
    r"""(arms|comparisons|slices|correction)\..*\.?(intervals|low|high|_low|_high|reached)\b.*
    |.*(_low|_high|\.low|\.high|intervals)
    |arms\.\*\.(validation|test|per_class)\..*|arms\.\*\.(top|calibration|thresholds|operating_points|reliability)\b.*
    |arms\.\*\.(pr_curve|roc_curve|mean_probability|notes|threshold|threshold_rule)\b.*
    |slices(\..*)?|leak(\..*)?|features(\..*)?|notes(\..*)?|bootstrap(\..*)?|correction\.learners\..*
    |keyed_resamples(\..*)?|comparisons\..*\.(within|note)|threshold_rule(\..*)?|looks(\..*)?|previous(\..*)?|train_resampled
    |decision_curves\.(resamples|learners\.\*\.(arms\.\*\.lowest_cost|band|points\.\*\.difference)\b.*)
    |report\.(strategies|created|reproducibility\.command|source\.(files|columns|keys|notes|location)
        |resampling\.(options|notes|weighted)|split\.notes)(\..*)?
    |report\.persist\.address""",
    re.VERBOSE,
)
"""What an edit of metrics may change without a contradiction: what learners and resamples gave, and wording."""


@pytest.fixture(name="dataset", scope="module")
def _dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return make_dataset(tmp_path_factory.mktemp("every"))


@pytest.fixture(name="mended", autouse=True)
def _mended(dataset: Dataset) -> Iterator[None]:
    """Put every file back as it was."""
    base = dataset.folder.path
    before = {path: path.read_bytes() for path in base.rglob("*") if path.is_file()}
    yield
    for path in [path for path in base.rglob("*") if path.is_symlink() or not path.is_dir()]:
        if path not in before or path.is_symlink() or not path.is_file():
            path.unlink()
    for path, content in before.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def test_files_as_they_were_written_contradict_nothing(dataset: Dataset) -> None:
    assert set(KINDS) == set(dataset.kinds)
    for version in (1, 2):
        assert evaluation_differences(dataset.folder, version) == []
    assert promotion_differences(dataset.folder) == []
    assert comparison_differences(dataset.folder) == []


@pytest.mark.parametrize("kind", ["tournament", "look", "promotion", "metrics"])
def test_verify_tells_whoever_asks_that_a_record_beside_the_version_was_changed(dataset: Dataset, kind: str) -> None:
    address = f"{dataset.folder.path}@2"
    assert verify_address(address)[1].holds
    path = dataset.kinds[kind].path
    text = path.read_text()
    path.write_text(text.replace("1", "2", 1))
    _, found = verify_address(address)
    assert not found.holds
    assert path.name in " ".join(found.differences)


def test_more_than_two_classes_contradict_nothing(tmp_path: Path) -> None:
    other = make_dataset(tmp_path, classes=3)
    assert [evaluation_differences(other.folder, version) for version in (1, 2)] == [[], []]
    assert promotion_differences(other.folder) == comparison_differences(other.folder) == []


@pytest.mark.parametrize("kind", KINDS)
def test_no_flipped_byte_is_accepted_with_other_content(dataset: Dataset, kind: str) -> None:
    outcome = flip(dataset.kinds[kind], 60, seed=0)
    assert (outcome.accepted, outcome.unnamed) == ([], [])
    assert outcome.tried == outcome.refused + outcome.same == 60


def test_no_edit_of_a_promotion_is_accepted_though_it_was_sealed_again(dataset: Dataset) -> None:
    outcome = edit(dataset.kinds["promotion"], 150, seed=0)
    assert (outcome.accepted, outcome.unnamed) == ([], [])
    assert outcome.tried == outcome.refused + outcome.found + outcome.same


def test_an_edit_of_metrics_sealed_again_is_told_but_for_what_only_training_proves(dataset: Dataset) -> None:
    outcome = edit(dataset.kinds["metrics"], 150, seed=0)
    assert outcome.unnamed == []
    assert [field for field in outcome.accepted if not ONLY_TRAINING_PROVES.fullmatch(field)] == []


@pytest.mark.parametrize("kind", ["tournament", "look", "source", "refusal"])
def test_no_edit_ends_in_an_error_without_a_name(dataset: Dataset, kind: str) -> None:
    assert edit(dataset.kinds[kind], 60, seed=0).unnamed == []


def _set(*path: str | int) -> Callable[[Any], Callable[[dict[str, Any]], None]]:
    def to(value: Any) -> Callable[[dict[str, Any]], None]:
        def change(plain: dict[str, Any]) -> None:
            inside: Any = plain
            for name in path[:-1]:
                inside = inside[name]
            old = inside[path[-1]]
            inside[path[-1]] = value(old) if callable(value) else value

        return change

    return to


def _curves(*path: str | int) -> Callable[[Any], Callable[[dict[str, Any]], None]]:
    return _set("decision_curves", "learners", 0, *path)


def _none_of(metric: str) -> Callable[[dict[str, Any]], None]:
    """Make an arm look better, as far as one number goes."""
    return _set("arms", 2, "test", metric)(lambda old: min(1.0, old + 0.05))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_set("strategy")("smote"), "strategy is smote instead of random_under"),
        (_set("learners")(["lightgbm"]), "learners is"),
        (_set("rows", "test", "rows")(lambda rows: rows + 1), "rows of test"),
        (_set("natural_rows")(7), "natural_rows is 7"),
        (_set("independence", "test", "median")(lambda old: old + 1), "test"),
        (_set("independence", "validation", "largest")(lambda old: old + 1), "validation"),
        (_set("threshold_alone", "tuned")(lambda old: old + 0.1), "threshold_alone: tuned is"),
        (_set("threshold_alone", "at_half")(0.0), "threshold_alone: text is"),
        (_set("decision_curves", "prevalence")(0.5), "decision_curves: prevalence is 0.5"),
        (_set("decision_curves", "thresholds")(lambda old: old[1:]), "decision_curves: thresholds differ"),
        (_set("decision_curves", "treat_all", 0)(lambda old: old + 1), "decision_curves: treat_all differ"),
        (_curves("arms", 1, "net_benefit", 60)(lambda old: old + 1), "net_benefit differ from those of their counts"),
        (_curves("arms", 1, "true_positives", 60)(lambda old: old + 1), "from those of their counts"),
        (_curves("arms", 0, "expected_cost", 60)(0.001), "expected_cost differ"),
        (_curves("arms", 0, "lowest_cost", 60)(0.9), "lowest_cost is above"),
        (_curves("text")("The net benefit is higher."), "text is The net benefit is higher."),
        (_curves("points", 0, "threshold")(lambda old: old / 2), "published: threshold is"),
        (_curves("points", 0, "arms", 1, "net_benefit")(999.0), "net_benefit is 999.0"),
        (_curves("points", 0, "difference", "difference")(50.0), "difference is 50.0"),
        (_set("verdict")("It helped."), "verdict is It helped."),
        (_set("verdict_outcome")("helped"), "verdict_outcome is helped instead of"),
        (_set("chance_average_precision")(0.01), "chance_average_precision is 0.01"),
        (_set("majority_accuracy")(0.5), "majority_accuracy is 0.5"),
        (_set("costs", "false_negative")(1.0), "costs is"),
        (_set("deciding_rows")(30_000), "deciding_rows is 30000"),
        (_set("verdict_floor")(1), "verdict_floor is 1 instead of 30"),
        (_none_of("recall"), "test: recall is"),
        (_none_of("f1"), "test: f1 is"),
        (_none_of("average_precision"), "average_precision is"),
        (_none_of("roc_auc"), "roc_auc is"),
        (_set("arms", 2, "confusion", "true_positives")(lambda count: count + 1), "confusion: negatives and positives"),
        (_set("comparisons", 0, "differences", "mcc", "difference")(0.9), "mcc is 0.9 instead of"),
        (_set("comparisons", 0, "draws", "number")(9), "draws: number of"),
        (_set("equivalence")(0.5), "equivalence is 0.5"),
        (_set("comparisons")([]), "comparisons are of []"),
        (_set("arms")(lambda arms: arms[:-1]), "arms are"),
        (_set("correction", "odds_factor")(1.0), "correction: odds_factor is 1.0"),
        (_set("correction", "natural_prevalence")(0.5), "correction: natural_prevalence is 0.5"),
        (_set("correction", "snippet")("import os"), "correction: snippet is import os"),
        (_set("arms", 2, "calibration", "calibrator", "snippet")("import os"), "calibrator: snippet is import os"),
        (_set("looks", "earlier_versions")(9), "looks: earlier_versions is 9"),
        (_set("manifest_sha256")("0" * 64), "belongs to a manifest other than versions/00000002.json"),
        (_set("files", "report.html")("0" * 64), "report.html cannot be used: content that differs"),
        (_set("report", "reproducibility", "seed")(9), "report: seed is 9 instead of 0"),
        (_set("report", "persist", "certificate", "rows_in")(9), "report: certificate is"),
        (_set("report", "source", "imbalance", "degree")("extreme"), "report: imbalance"),
        (_set("report", "validation", "success")(False), "report: validation: success is False"),
        (_set("report", "counts", "columns")(99), "report: counts differ from its facts"),
        (_set("previous", "version")(2), "previous: version 2 is not an earlier version"),
        (_set("previous", "metrics", "same_test")(False), "previous: differs from the files of version 1"),
        (_set("previous", "data", "source_rows", "before")(1), "previous: differs from the files of version 1"),
    ],
)
def test_metrics_that_say_what_other_numbers_do_not_are_told(
    dataset: Dataset, change: Callable[[dict[str, Any]], None], told: str
) -> None:
    rewrite(dataset.kinds["metrics"].path, change)
    differences = evaluation_differences(dataset.folder, 2)
    assert any(told in difference for difference in differences), differences
    assert all("evaluations/00000002" in difference for difference in differences)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_set("rule")("always"), "not the decision of its rule"),
        (_set("version")(2), "promotes a manifest other than versions/00000002.json"),
        (_set("version")(99), "promotes version 99, which does not exist"),
        (_set("reason")("it is better"), "not the decision of its rule: the lower bound"),
        (_set("numbers", "low")(0.99), "not the decision of its rule"),
        (_set("numbers", "tolerance")(0.5), "00000002.json: follows a promotions/00000001.json that differs"),
        (_set("numbers", "compared_with")(2), "names metrics of versions other than"),
        (_set("metrics_sha256")({"1": "0" * 64}), "decided on different metrics of version 1"),
        (_set("previous_sha256")("0" * 64), "names a previous promotion"),
        (
            _set("created")("2020-01-01T00:00:00+00:00"),
            "00000002.json: follows a promotions/00000001.json that differs",
        ),
    ],
)
def test_a_promotion_that_is_rewritten_is_told(
    dataset: Dataset, change: Callable[[dict[str, Any]], None], told: str
) -> None:
    rewrite(dataset.kinds["promotion"].path, change)
    differences = promotion_differences(dataset.folder)
    assert any(told in difference for difference in differences), differences


def test_the_last_digit_of_a_decision_depends_on_the_machine_and_is_no_difference(dataset: Dataset) -> None:
    rewrite(dataset.kinds["promotion"].path, _set("numbers", "bar")(lambda bar: bar * (1 + 1e-15)))
    assert [one for one in promotion_differences(dataset.folder) if "decision" in one] == []


def test_metrics_that_a_promotion_was_decided_on_cannot_be_rewritten(dataset: Dataset) -> None:
    rewrite(dataset.folder.path / "evaluations/00000001/metrics.json", _set("notes")(["all is well"]))
    assert promotion_differences(dataset.folder) == [
        "promotions/00000001.json: decided on different metrics of version 1"
    ]


def test_a_promotion_that_is_gone_from_the_middle_is_told(dataset: Dataset) -> None:
    dataset.kinds["promotion"].path.unlink()
    assert "promotions/00000001.json: missing, although later ones exist" in promotion_differences(dataset.folder)


@pytest.mark.parametrize("name", ["report.html", "correction.json", "metrics.json"])
def test_a_file_of_an_evaluation_that_is_gone_is_told(dataset: Dataset, name: str) -> None:
    (dataset.folder.path / "evaluations/00000002" / name).unlink()
    (told,) = evaluation_differences(dataset.folder, 2)
    assert name in told


def test_a_file_too_many_in_an_evaluation_is_told(dataset: Dataset) -> None:
    (dataset.folder.path / "evaluations/00000002/other.html").write_text("")
    assert evaluation_differences(dataset.folder, 2) == ["evaluations/00000002/other.html: not in metrics.json"]


def test_a_correction_with_other_numbers_is_told_though_its_digest_is_that_of_the_metrics(dataset: Dataset) -> None:
    path = dataset.folder.path / "evaluations/00000002/correction.json"
    path.write_text(path.read_text().replace('"odds_factor": ', '"odds_factor": 1'))
    assert any("correction.json" in told for told in evaluation_differences(dataset.folder, 2))


HOSTILE = {
    "empty": b"",
    "no UTF-8": b"\xff\xfe",
    "a list": b"[]",
    "null": b"null",
    "a key twice": None,
    "not a number": b'{"digest": NaN}',
    "a number too large": b'{"digest": 1e999}',
    "an integer of 5,000 digits": b'{"digest": ' + b"9" * 5_000 + b"}",
    "100,000 brackets": b"[" * 100_000,
    "half a surrogate": b'{"digest": "\\ud800"}',
    "65 MiB": b" " * (65 * 2**20),
}


@pytest.mark.parametrize("kind", ["metrics", "promotion", "tournament", "look", "source", "refusal"])
@pytest.mark.parametrize("form", HOSTILE)
def test_what_is_no_such_file_is_refused_by_name(dataset: Dataset, kind: str, form: str) -> None:
    file, content = dataset.kinds[kind], HOSTILE[form]
    if content is None:
        content = file.path.read_bytes().replace(b"{", b'{"digest": "", ', 1)
    file.path.write_bytes(content)
    with pytest.raises(IntegrityError, match=re.escape(str(file.path))) as refused:
        file.read()
    assert refused.value.values["file"] == str(file.path)
    assert len(str(refused.value)) < 2_000


@pytest.mark.parametrize("kind", ["metrics", "report", "promotion", "tournament", "look", "source", "profile"])
@pytest.mark.parametrize("form", ["a link", "a linked folder", "a pipe", "a folder"])
def test_only_plain_files_in_plain_folders_are_read(dataset: Dataset, kind: str, form: str, tmp_path: Path) -> None:
    path = dataset.kinds[kind].path
    aside = tmp_path / "aside"
    if form == "a linked folder":
        path.parent.rename(aside)
        path.parent.symlink_to(aside)
    else:
        path.rename(aside)
        if form == "a link":
            path.symlink_to(aside)
        elif form == "a pipe":
            os.mkfifo(path)
        else:
            path.mkdir()
    try:
        with pytest.raises(IntegrityError, match=r"symbolic link|not a regular file"):
            dataset.kinds[kind].read()
    finally:
        if form == "a linked folder":
            path.parent.unlink()
            aside.rename(path.parent)
        elif form == "a folder":
            path.rmdir()
        else:
            path.unlink()


@pytest.mark.parametrize("attempt", ["../../../etc", "/etc", "x" * 32, "A" * 32, "0" * 31, ""])
def test_the_folder_of_an_attempt_is_no_path(dataset: Dataset, attempt: str) -> None:
    path = dataset.kinds["metrics"].path
    rewrite(path, _set("attempt")(lambda _: attempt) if "attempt" in path.read_text() else _added(attempt))
    with pytest.raises(IntegrityError, match="attempt"):
        find_stored_evaluation(dataset.folder, 2)


def _added(attempt: str) -> Callable[[dict[str, Any]], None]:
    return lambda plain: plain.update(attempt=attempt)


def test_a_damaged_evaluation_is_there_all_the_same_and_says_what_to_do(dataset: Dataset) -> None:
    version = version_record(dataset.folder, read_manifest(dataset.folder, 2), created=False)
    assert evaluation_problem(version) == ""
    path = dataset.kinds["metrics"].path
    path.write_bytes(path.read_bytes()[:1_000])
    assert is_evaluated(version)
    told = evaluation_problem(version)
    assert str(path) in told
    assert f"remove {path.parent} and run again" in told
    with pytest.raises(IntegrityError):
        find_evaluation(version)


def test_a_damaged_promotion_never_hands_on_to_the_one_before(dataset: Dataset) -> None:
    path = dataset.folder.path / "promotions/00000002.json"
    path.write_text("{}")
    with pytest.raises(IntegrityError, match=r"00000002\.json.*remove it: then the one before it counts"):
        newest_promotion(dataset.folder)
    path.unlink()
    before = newest_promotion(dataset.folder)
    assert before is not None
    assert before.version == 1


def test_the_report_leaves_a_damaged_tournament_out(dataset: Dataset, caplog: pytest.LogCaptureFixture) -> None:
    board = dataset.kinds["tournament"].path
    origin = json.loads(board.read_text())["origin"]
    assert newest_leaderboard(dataset.config, origin["source_digest"]) is not None
    board.write_text(board.read_text().replace("random_over", "random_0ver"))
    with damage_told(caplog):
        assert newest_leaderboard(dataset.config, origin["source_digest"]) is None
    assert str(board) in caplog.text


def test_a_damaged_look_counts_as_one(dataset: Dataset, caplog: pytest.LogCaptureFixture) -> None:
    look = dataset.kinds["look"].path
    test = look.parent.name
    before = len(record_access(dataset.folder, test, key="f" * 64))
    look.write_text("{}")
    with damage_told(caplog):
        assert len(record_access(dataset.folder, test, key="e" * 64)) == before + 1
    assert str(look) in caplog.text


def test_the_profile_before_stands_in_for_a_damaged_one_but_nothing_for_all(
    dataset: Dataset, caplog: pytest.LogCaptureFixture
) -> None:
    newest = dataset.kinds["profile"].path
    newest.write_text("{}")
    with damage_told(caplog):
        found = find_baseline(dataset.config)
    assert found is not None
    assert found.version == 1
    assert str(newest) in caplog.text
    for profile in (dataset.folder.path / "data").glob("*/profile.json"):
        profile.write_text("{}")
    with pytest.raises(IntegrityError, match="changed_profile"):
        find_baseline(dataset.config)


def test_a_file_sealed_again_is_read(dataset: Dataset) -> None:
    """The digest is no signature: it says that a file is whole, and the files that name it say that it is the same."""
    path = dataset.kinds["source"].path
    path.write_text(sealed_again({**json.loads(path.read_text()), "rows": 1}))
    assert dataset.kinds["source"].content()["rows"] == 1
