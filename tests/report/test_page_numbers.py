"""Every number that a reader sees stands in metrics.json, as the page formats it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from counterpoise import report
from counterpoise.report._facts import report_record
from counterpoise.report._page import render_html
from counterpoise.text import _formatting as wording
from tests.report.published import PublishedPage

_NUMBER = re.compile(r"(?<![\w.,])[−+±-]?\d+(?:,\d{3})*(?:\.\d+)*(?:e[+-]\d+)?(?: %)?(?!\w)")
_REFERENCE = re.compile(r"\barXiv \d{4}\.\d{4,5}\b")
"""The number of a paper names it, and measures nothing."""
_DRAWN = {"threshold", "true_positives", "false_positives"}
"""Lists that the explorer looks numbers up in; as lists of points they are drawn, not written."""
_SILENT = {"style", "script", "title"}


class _Text(HTMLParser):
    """The text of a page, piece by piece; not that of the ticks of an axis, which are round numbers for the eye."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._silent = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._silent or tag in _SILENT or dict(attrs).get("class") == "tick":
            self._silent += 1

    def handle_endtag(self, tag: str) -> None:
        del tag  # elements of one name can be nested: all that counts is how deep
        self._silent = max(0, self._silent - 1)

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.pieces.append(" ".join(data.split()))


def leaves(value: Any) -> Iterator[Any]:
    """Yield all numbers and texts of a JSON value, the names in it among them."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield name
            if not (isinstance(item, list) and (name in _DRAWN or _is_drawn(item))):
                yield from leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item)
    elif value is not None and not isinstance(value, bool):
        yield value


def _is_drawn(items: list[Any]) -> bool:
    return all(isinstance(item, list) and len(item) == 2 for item in items)


def written(value: float) -> Iterator[str]:
    """Yield the ways in which the page may write a number."""
    yield from (str(value), f"{value:g}", f"{value:,}", wording.ratio(value))
    for digits in (1, 2, 3, 4):
        yield wording.number(value, digits)
        yield wording.signed(value, digits)
    if 0 <= value <= 1:
        yield from (wording.share(value), wording.threshold(value))


def numbers(text: str) -> set[str]:
    return set(_NUMBER.findall(_REFERENCE.sub("", text)))


def constants() -> set[str]:
    """Return the numbers in the templates' own sentences, such as the 95 % of an interval."""
    found: set[str] = set()
    for path in Path(report.__file__).parent.rglob("*.html.j2"):
        plain = re.sub(r"\{[{%].*?[%}]\}", " ", path.read_text())
        found |= {number for piece in _Text(plain).pieces for number in numbers(piece)}
    return found


def unknown_numbers(html: str, metrics: dict[str, Any]) -> dict[str, str]:
    """Return the numbers that do not stand in the metrics, each with the text around it."""
    known = constants()
    texts: list[str] = []
    for leaf in leaves(metrics):
        if isinstance(leaf, str):
            texts.append(wording.shown(leaf, 10_000))
            known |= numbers(leaf) | numbers(leaf.replace("T", " "))  # times are written with a blank
        else:
            known |= {number for text in written(leaf) for number in numbers(text)}
    return {
        number: piece
        for piece in _Text(html).pieces
        for number in numbers(piece)
        if number not in known and not any(piece in text for text in texts)
    }


@pytest.mark.slow
def test_every_number_of_the_page_stands_in_the_metrics(published: PublishedPage) -> None:
    assert unknown_numbers(published.html, published.metrics) == {}


@pytest.mark.slow
@pytest.mark.parametrize("classes", [("no", "yes"), ("a", "b", "c")])
@pytest.mark.parametrize("strategy", ["random_over", "none"])
def test_so_do_those_of_pages_without_synthetic_rows(
    make_data: Any, make_metrics: Any, classes: tuple[str, ...], strategy: str
) -> None:
    metrics = make_metrics(classes, strategy=strategy)
    data = make_data(metrics=metrics, strategy=strategy, counts=dict.fromkeys(classes, 70))
    assert unknown_numbers(render_html(data), {**metrics, "report": report_record(data)}) == {}


@pytest.mark.slow
def test_a_number_that_is_made_up_is_found(published: PublishedPage) -> None:
    told = "Precision is 0.98765, that is 98.77 %, of 123,456 rows; arXiv 2510.15083 says 2510.15."
    html = published.html.replace("</main>", f"<p>{told}</p></main>")
    assert set(unknown_numbers(html, published.metrics)) == {"0.98765", "98.77 %", "123,456", "2510.15"}
