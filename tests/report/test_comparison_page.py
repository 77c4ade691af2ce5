"""The tournament's page, from a real tournament with names, classes and reasons that try to run a script."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from counterpoise.compare import brief_of, newest_leaderboard, run_comparison, write_leaderboard, write_page
from counterpoise.compare._final.held_out import hold_out_tables
from counterpoise.compare._rounds.prepare import prepare_table
from counterpoise.report._comparison.page import render_comparison
from counterpoise.report._comparison.ranking import ranking_rows, ranking_view
from counterpoise.report._facts import report_record
from counterpoise.report._page import render_html
from counterpoise.results import Candidate, CandidateResult, Leaderboard, Rules
from tests.compare.comparisons import signal
from tests.report.published import BREAKING, SCRIPT
from tests.report.test_page_in_chromium import opened
from tests.report.test_page_numbers import unknown_numbers
from tests.snapshots import engine_config
from tests.system_parts import skip_unless

DIGEST = "5" * 64
STRATEGIES = ["smote", "smoten", "isolation_forest", 'smote {"ratio": 0.5} + random_under']


@dataclass(frozen=True)
class WrittenPage:
    """A leaderboard as it is written, and its page."""

    config: Any
    board: Leaderboard
    html: str

    @property
    def record(self) -> dict[str, Any]:
        return dict(json.loads(Path(self.board.file).read_text()))


def hostile(rows: int, *, seed: int, classes: int = 2) -> pa.Table:
    table = signal(rows, seed=seed, classes=classes)
    names = {"no": f"no {BREAKING}", "yes": f"yes {SCRIPT}", "perhaps": "perhaps"}
    return table.set_column(3, "label", pa.array([names[one] for one in table["label"].to_pylist()]))


def written(folder: Path, *, classes: int = 2, final: bool = True) -> WrittenPage:
    config = engine_config(
        folder,
        columns={"target": "label"},
        evaluation={"bootstrap": 100},
        tournament={"folds": 3, "strategies": STRATEGIES, "learners": ["logistic_regression"]},
    )
    arena = prepare_table(Rules.of(config), hostile(500, seed=0, classes=classes), folder=folder / "arena")
    tables = {name: hostile(300, seed=seed, classes=classes) for seed, name in enumerate(("validation", "test"), 1)}
    held_out = hold_out_tables(**tables, folder=folder / "arena") if final else None
    board = run_comparison(arena, dataset=config.name, held_out=held_out, subprocesses=False)
    failed = CandidateResult(strategy="none", learner="package:Class", status="failed", reason=f"{SCRIPT} {BREAKING}")
    board = board.model_copy(update={"entries": (*board.entries, failed), "notes": (SCRIPT,)})
    board = write_leaderboard(config, DIGEST, board)
    html = render_comparison(board)
    return WrittenPage(config, write_page(config, DIGEST, board, html), html)


@pytest.fixture(name="page", scope="module")
def _page(tmp_path_factory: pytest.TempPathFactory) -> WrittenPage:
    return written(tmp_path_factory.mktemp("page"))


def test_every_number_of_the_page_stands_in_the_file_beside_it(page: WrittenPage) -> None:
    assert unknown_numbers(page.html, page.record) == {}


@pytest.mark.slow
@pytest.mark.parametrize(("classes", "final"), [(3, True), (2, False)])
def test_so_does_it_with_more_classes_and_without_a_final(tmp_path: Path, classes: int, final: bool) -> None:
    other = written(tmp_path, classes=classes, final=final)
    assert unknown_numbers(other.html, other.record) == {}
    assert ('<h2 id="final-h">' in other.html) == final


def test_the_verdict_comes_first_then_everybody_with_seconds_or_a_reason(page: WrittenPage) -> None:
    final = page.board.final
    assert final is not None
    order = [page.html.index(text) for text in (final.verdict, 'id="leaderboard"', 'id="excluded"', 'id="final"')]
    assert order == sorted(order)
    assert "✓ chosen" in page.html
    assert "needs only categories" in page.html
    assert "isolation forest" in page.html
    assert "SMOTE (ratio 0.5) + random under-sampling" in page.html


def test_texts_from_the_data_are_escaped(page: WrittenPage) -> None:
    assert SCRIPT not in page.html
    assert "<img" not in page.html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.html


def test_dots_and_whiskers_lie_on_one_scale(page: WrittenPage) -> None:
    rows = [row for row in ranking_rows(page.board) if row.dots is not None]
    means = [row.result.mean["average_precision"] for row in rows]
    places = [row.dots.value for row in rows if row.dots is not None]
    slope = np.polyfit(np.array(means, float), places, 1)
    assert np.polyval(slope, np.array(means, float)) == pytest.approx(np.array(places), abs=0.01)
    for row in rows:
        dots = row.dots
        assert dots is not None
        assert dots.low is not None
        assert dots.high is not None
        assert 0 <= dots.low <= dots.value <= dots.high <= 100
        assert len(dots.folds) == 3


def test_an_entry_that_the_metric_is_not_defined_for_has_no_dots(page: WrittenPage) -> None:
    by_loss = page.board.model_copy(update={"metric": "brier"})
    (row,) = (row for row in ranking_rows(by_loss) if row.result.strategy == "isolation_forest")
    assert row.dots is None
    assert ranking_view(by_loss).shown[0] == "average_precision"
    assert "smaller is better" in render_comparison(by_loss)


def test_earlier_looks_at_test_are_shown(page: WrittenPage) -> None:
    final = page.board.final
    assert final is not None
    looks: list[dict[str, Any]] = [
        {"key": "a" * 64, "created": "2026-01-02T03:04:05.000006+00:00"},
        {"key": "b" * 64, "created": "2026-01-02T03:04:06.000006+00:00", "version": 7},
    ]
    seen = final.model_validate({**final.model_dump(), "looks": looks, "earlier_looks": 2})
    html = render_comparison(page.board.model_copy(update={"final": seen}))
    assert "1 comparison and 1 version had accessed this test partition before" in html
    assert f"comparison <code>{'a' * 64}" in html
    assert f"version 7, run key <code>{'b' * 64}" in html


def test_the_report_of_a_version_shows_the_newest_tournament_on_its_rows(page: WrittenPage, make_data: Any) -> None:
    found = newest_leaderboard(page.config, DIGEST)
    assert found == page.board
    assert newest_leaderboard(page.config, "6" * 64) is None
    resampled = page.config.model_copy(update={"resampling": page.config.resampling.model_copy(update={"ratio": 0.5})})
    assert newest_leaderboard(resampled, DIGEST) == page.board
    assert newest_leaderboard(page.config.model_copy(update={"seed": 1}), DIGEST) is None
    data = make_data().model_copy(update={"strategies": brief_of(page.board)})
    html = render_html(data)
    assert '<li><a href="#strategies">Strategies</a></li>' in html
    assert page.board.final is not None
    assert page.board.final.verdict in html
    assert SCRIPT not in html
    assert unknown_numbers(html, {"report": report_record(data), **(data.metrics or {})}) == {}
    assert page.board.final.verdict not in render_html(make_data())


def test_a_file_of_another_form_is_left_alone(page: WrittenPage, tmp_path: Path) -> None:
    config = page.config.model_copy(update={"output": page.config.output.model_copy(update={"root": str(tmp_path)})})
    board = write_leaderboard(config, DIGEST, page.board)
    stored = json.loads(Path(board.file).read_text())
    Path(board.file).write_text(json.dumps({**stored, "of_tomorrow": 1}))
    assert newest_leaderboard(config, DIGEST) is None


def test_in_a_browser_nothing_is_asked_for_nothing_runs_and_nothing_is_hard_to_reach(page: WrittenPage) -> None:
    chromium = shutil.which("chromium")
    skip_unless(chromium is not None, "chromium")
    url = Path(page.board.page).as_uri()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for width, scheme in ((1200, "light"), (400, "dark")):
            seen = opened(browser, url, viewport={"width": width, "height": 900}, color_scheme=scheme)
            assert (seen.requests, seen.complaints) == ([url], [])
            assert seen.page.evaluate("document.documentElement.scrollWidth") == width
            found = Axe().run(seen.page).response["violations"]
            assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
        browser.close()


def test_an_entry_is_named_in_words() -> None:
    from counterpoise.compare import candidate_words

    learner = 'sklearn.tree:DecisionTreeClassifier {"max_depth": 5}'
    assert (
        candidate_words(Candidate(strategy="none", learner=learner))
        == "DecisionTreeClassifier (max_depth 5) with no resampling"
    )
    assert candidate_words(Candidate(strategy="none", learner="dummy")) == "dummy"
    assert candidate_words(Candidate(strategy="class_weight", learner="lightgbm")) == "LightGBM with class weight"
