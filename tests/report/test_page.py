from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from copy import deepcopy
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest

from counterpoise.records import ExpectationOutcome
from counterpoise.report._data import ReportData
from counterpoise.report._page import render_html
from counterpoise.report._registry import SECTIONS
from counterpoise.report._sections.curves import WORST_CLASSES
from counterpoise.report._sections.resampling import class_bars

_VOID = {"meta", "line", "polyline", "br", "link", "img", "input", "hr"}


class _Page(HTMLParser):
    """Every element of a page with its attributes, its visible text, and whether elements are nested properly."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.code: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in {"style", "script"}:
            self.code.append(data)
        elif self.open:
            self.text.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def data(make_data: Any, metrics: dict[str, Any]) -> ReportData:
    found: ReportData = make_data(metrics=metrics)
    return found


@pytest.fixture(scope="module")
def html(data: ReportData) -> str:
    return render_html(data)


@pytest.fixture(scope="module")
def page(html: str) -> _Page:
    return _Page(html)


@pytest.mark.slow
def test_equal_data_gives_the_same_page(data: ReportData, html: str) -> None:
    assert render_html(ReportData.model_validate_json(data.model_dump_json())) == html


def test_elements_are_nested_properly_and_ids_are_unique(page: _Page) -> None:
    assert page.open == []
    ids = Counter(attributes["id"] for _, attributes in page.elements if "id" in attributes)
    assert max(ids.values()) == 1


def test_the_page_asks_for_nothing_and_runs_only_its_own_script(html: str, page: _Page) -> None:
    assert len(html.encode()) < 6_000_000
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"link", "img", "iframe", "object", "embed", "base", "form", "audio", "video"}
    assert page.all("script") == [{"type": "application/json", "id": "explorer-data"}, {}]
    for _, attributes in page.elements:
        assert not any(name.startswith("on") or name in {"src", "srcset", "action", "style"} for name in attributes)
        assert (attributes.get("href") or "#").startswith("#")
    assert not re.search(r"url\(|@import|https?://", html)


def _policy(page: _Page) -> str:
    (policy,) = [meta["content"] for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
    assert policy
    return policy


def test_the_policy_lets_just_these_very_texts_through(page: _Page) -> None:
    style, data, script = page.code
    for kind, text in (("style", style), ("script", script)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}';" in _policy(page)
    assert _policy(page).startswith("default-src 'none';")
    assert "unsafe" not in _policy(page)
    assert json.loads(data)["costs"] == {"false_positive": 1.0, "false_negative": 10.0}


@pytest.mark.slow
@pytest.mark.parametrize("classes", [None, ("a", "b", "c")])
def test_a_page_without_an_explorer_runs_nothing(make_data: Any, make_metrics: Any, classes: Any) -> None:
    page = _Page(render_html(make_data(metrics=make_metrics(classes) if classes else None)))
    assert page.all("script") == []
    assert "script-src 'none';" in _policy(page)


def test_what_a_reader_asks_first_stands_first_and_is_found_from_the_contents(page: _Page) -> None:
    found = [attributes["id"] for attributes in page.all("section")]
    assert found == [each.anchor for each in SECTIONS if each.anchor != "since-version"]
    assert found[-2:] == ["persist", "reproducibility"]
    every = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    links = [str(attributes["href"]).removeprefix("#") for attributes in page.all("a")]
    parts = ["leaderboard", "curves", "calibration", "thresholds", "decision-curves", "slices"]
    place = found.index("evaluation") + 1
    assert links == ["content", *found[:place], *parts, *found[place:]]
    places = [every.index(str(name)) for name in links[1:]]
    assert places == sorted(places)


def test_the_contents_of_a_page_with_many_classes_lead_to_what_it_has(make_data: Any, make_metrics: Any) -> None:
    html = render_html(make_data(metrics=make_metrics(("a", "b", "c"))))
    page = _Page(html)
    every = {attributes["id"] for _, attributes in page.elements if "id" in attributes}
    assert {str(attributes["href"]).removeprefix("#") for attributes in page.all("a")} <= every
    assert "#calibration" not in {attributes["href"] for attributes in page.all("a")}
    assert "Segments of test, calibration and thresholds are evaluated only with two classes" in html


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("", "counterpoise compare people.yaml"),
        ("counterpoise run fraud.yaml --set seed=3", "counterpoise compare fraud.yaml --set seed=3"),
        ("python pipeline.py", "counterpoise compare people.yaml"),
    ],
)
def test_without_a_tournament_the_page_says_how_to_play_one(make_data: Any, command: str, shown: str) -> None:
    html = render_html(make_data(command=command))
    assert "There is no comparison on this source and split yet" in html
    assert f"<code>{shown}</code>" in html


def test_the_page_can_be_used_without_eyes_or_mouse(page: _Page) -> None:
    assert page.all("html")[0]["lang"] == "en"
    assert len(page.all("h1")) == 1
    ids = {attributes.get("id") for _, attributes in page.elements}
    assert all(attributes["aria-labelledby"] in ids for attributes in page.all("section"))
    assert len(page.all("table")) == len(page.all("caption"))
    assert all("scope" in attributes for attributes in page.all("th"))
    for attributes in page.all("svg"):
        assert attributes.get("aria-hidden") == "true" or attributes["aria-labelledby"] in ids
    regions = [attributes for attributes in page.all("div") if attributes.get("role") == "region"]
    assert all(attributes["tabindex"] == "0" and attributes["aria-label"] for attributes in regions)
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_the_verdict_comes_first(html: str, metrics: dict[str, Any]) -> None:
    assert html.index(metrics["verdict"]) < html.index('id="source"')
    for comparison in metrics["comparisons"]:
        assert comparison["verdict"]["text"] in html


def test_the_page_shows_the_numbers_of_the_record(html: str, metrics: dict[str, Any]) -> None:
    for arm in metrics["arms"]:
        for metric in ("average_precision", "roc_auc", "f1", "mcc"):
            assert f"{arm['test'][metric]:.3f}".replace("-", "−") in html
    assert f"{metrics['correction']['learners']['random_forest']['threshold_natural_scale']:.4f}" in html


def test_the_stages_are_told(page: _Page) -> None:
    text = " ".join(" ".join(page.text).split())
    assert "1 of 4 expectations passed. 2 rows broke a critical one and were rejected." in text
    assert "7 rows repeat the features of another" in text
    assert "0 rows dropped, 600 repetitions, 0 synthetic rows" in text
    assert "A repetition equals its row in every column" in text
    assert "3,005 rows in = 3,000 original rows published + 0 dropped by resampling + 5 rejected" in text
    assert "pandas 3.1, scikit-learn 1.9.1" in text
    assert "counterpoise verify datasets/people@7" in text


def test_weighted_rows_are_told_with_their_sums(make_data: Any) -> None:
    plain = make_data(metrics=None)
    facts = plain.resampling.model_copy(update={"strategy": "weights", "weighted": {"<b>": 7_200, "no": 7_201}})
    page = _Page(render_html(plain.model_copy(update={"resampling": facts})))
    text = " ".join(" ".join(page.text).split())
    assert "Weighted, the classes are <b> 7,200, no 7,201." in text


def test_a_broken_certificate_is_not_hidden(make_data: Any) -> None:
    html = render_html(make_data(checks={"rows_balance": False, "keys_aligned": True}))
    assert "✗ broken" in html
    assert "rows balance: broken" in html


def test_without_an_evaluation_the_page_says_so(make_data: Any) -> None:
    html = render_html(make_data())
    assert "evaluation.enabled is false" in html
    assert "Leaderboard" not in html
    assert _Page(html).open == []


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["none", "smote"])
def test_every_strategy_has_its_page(make_data: Any, make_metrics: Any, strategy: str) -> None:
    page = _Page(render_html(make_data(metrics=make_metrics(strategy=strategy), strategy=strategy)))
    assert page.open == []


@pytest.mark.slow
def test_a_page_without_intervals_is_whole(make_data: Any, make_metrics: Any) -> None:
    html = render_html(make_data(metrics=make_metrics(bootstrap=0)))
    assert "No intervals were computed" in html
    assert "No verdict possible" in html


@pytest.mark.slow
def test_many_classes_are_shown_with_their_smallest_curves(make_data: Any, make_metrics: Any) -> None:
    classes = tuple(f"class {number}" for number in range(8))
    html = render_html(make_data(metrics=make_metrics(classes, rows=400), counts=dict.fromkeys(classes, 50)))
    page = _Page(html)
    assert page.open == []
    assert len(page.all("figure")) == 2 * WORST_CLASSES
    captions = " ".join(page.text)
    assert "Precision and recall of class 0: 50 test rows" in captions
    assert "ROC of class 0: 50 test rows" in captions
    assert "Macro figures are plain means" in html


def test_figures_of_a_class_are_shown_with_their_intervals(make_data: Any, make_metrics: Any) -> None:
    metrics = make_metrics(("a", "b", "c"))
    html = render_html(make_data(metrics=metrics))
    for arm in metrics["arms"][1:]:
        for part in arm["per_class"]:
            for metric, one in part["intervals"].items():
                assert f"{part[metric]:.3f}<small>{one['low']:.3f} to {one['high']:.3f}</small>" in html, metric


def test_both_classes_of_a_binary_table_and_their_means_are_shown(make_data: Any, make_metrics: Any) -> None:
    metrics = make_metrics()
    html = render_html(make_data(metrics=metrics))
    assert "Each class on test, at the threshold chosen on validation" in html
    for arm in metrics["arms"][1:]:
        for part in (*arm["per_class"], *arm["averages"].values()):
            for metric, one in part["intervals"].items():
                assert f"{part[metric]:.3f}<small>{one['low']:.3f} to {one['high']:.3f}</small>" in html, metric


def test_an_older_version_without_a_class_report_is_read_and_shown(make_data: Any, make_metrics: Any) -> None:
    metrics = deepcopy(make_metrics())
    for arm in metrics["arms"]:
        del arm["per_class"], arm["averages"]
    html = render_html(make_data(metrics=metrics))
    assert 'id="by-class"' not in html
    assert "At the threshold" in html


def test_a_thousand_classes_and_columns_stay_a_small_page(make_data: Any) -> None:
    counts = {f"c{number}": 10 + number for number in range(1_000)}
    columns = tuple(f"column {number}" for number in range(20_000))
    html = render_html(make_data(counts=counts, columns=columns))
    assert len(html) < 400_000
    assert "970 smaller classes are in the manifest" in html
    assert "19,500 more columns are in the manifest" in html


_HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'; DROP TABLE x; --",
    "{{ 7*7 }}{% raw %}",
    "</style></svg></title><script>alert(1)</script>",
    "javascript:alert(1)",
    "&lt;b&gt;",
    "\u202egnp.exe",
    "a\x00b\nc",
    "x" * 5_000,
    "שם עמודה",
    "]]><!--",
]


@pytest.mark.slow
@pytest.mark.parametrize("text", _HOSTILE, ids=range(len(_HOSTILE)))
def test_hostile_texts_are_inert_everywhere(
    make_data: Any, make_metrics: Any, make_review: Any, plain_elements: Counter[str], text: str
) -> None:
    data = _with_text(make_data, make_metrics, make_review, text)
    html = render_html(data)
    page = _Page(html)
    assert Counter(tag for tag, _ in page.elements) == plain_elements
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    assert "\x00" not in html
    assert "\u202e" not in html
    assert "x" * 700 not in html.split("<summary>Configuration</summary>")[0]


def _with_text(make_data: Any, make_metrics: Any, make_review: Any, text: str) -> ReportData:
    """Return a report with a text wherever texts come from the data or the configuration."""
    outcome = ExpectationOutcome(
        expectation=text,
        columns=(text,),
        severity="critical",
        status="failed",
        source="suite",
        observed=text,
        examples=(text,),
        notes=text,
    )
    data: ReportData = make_data(
        metrics=_evaluated(make_metrics, text, "harmless"),
        counts={text: 500, "harmless": 100},
        target=text,
        path=f"data/{text}",
        columns=(text, "a"),
        results=(outcome,),
        notes=(text,),
        checks={text: False},
        command=text,
        synthetic=make_review(text),
    )
    return data


@pytest.fixture(scope="module")
def plain_elements(make_data: Any, make_metrics: Any, make_review: Any) -> Counter[str]:
    """How often each element stands in the page with a harmless text."""
    html = render_html(_with_text(make_data, make_metrics, make_review, "plain"))
    return Counter(tag for tag, _ in _Page(html).elements)


def _evaluated(make_metrics: Any, first: str, second: str) -> dict[str, Any]:
    """Return metrics with the given class names, evaluated under plain ones."""
    metrics = dict(make_metrics(("a", "b")))
    names = {"a": first, "b": second}
    metrics["classes"] = [first, second]
    metrics["positive_class"] = first
    metrics["notes"] = [first]
    metrics["rows"] = {
        table: {"rows": part["rows"], "classes": {names[name]: rows for name, rows in part["classes"].items()}}
        for table, part in metrics["rows"].items()
    }
    return metrics


def test_classes_are_drawn_largest_first_on_one_scale() -> None:
    bars = class_bars({"b": 10, "a": 90}, {"a": 90, "b": 45})
    assert [(bar.name, bar.before_bar, bar.after_bar) for bar in bars] == [("a", 100, 100), ("b", 11.11, 50)]
    assert bars[1].before_share == 0.1


def test_classes_without_rows_do_not_divide_by_zero() -> None:
    assert class_bars({"a": 0}, {})[0].after_share == 0
