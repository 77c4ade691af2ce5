"""Sections are shown in their order; one with wrong or missing facts fails loudly."""

from __future__ import annotations

import re
from typing import Any

import pytest
from jinja2 import UndefinedError

from counterpoise.report._section import Section, in_order, render_page


def section(anchor: str = "a", template: str = "persist.html.j2", **facts: Any) -> Section[Any]:
    return Section(anchor, facts.pop("title", "A"), template, **facts)


@pytest.mark.parametrize("facts", [{"template": "nowhere.html.j2"}, {"script": "nowhere.js"}])
def test_a_template_or_script_that_is_not_there_is_named(facts: dict[str, str]) -> None:
    with pytest.raises(FileNotFoundError, match=r"The section 'a' needs templates/nowhere"):
        section(**facts)


def test_two_sections_cannot_have_the_same_anchor() -> None:
    with pytest.raises(ValueError, match="More than one section has the anchor a:"):
        in_order(section("a"), section("b", parts=(section("a"),)))


@pytest.mark.parametrize("template", ["source.html.j2", "top.html.j2"])
def test_a_name_that_nobody_gave_stops_the_page(make_data: Any, template: str) -> None:
    with pytest.raises(UndefinedError):
        render_page("report.html.j2", (section(template=template),), make_data().model_copy(update={"metrics": {}}))


def test_a_section_without_a_view_is_left_out_only_if_it_is_optional(make_data: Any) -> None:
    empty: dict[str, Any] = {"template": "strategies.html.j2", "view": lambda _: None}
    with pytest.raises(UndefinedError):
        render_page("report.html.j2", (section(**empty),), make_data())
    assert "<section" not in render_page("report.html.j2", (section(**empty, optional=True),), make_data())


def test_page_navigation_and_brief_follow_the_order_of_the_sections(make_data: Any) -> None:
    names = ("b", "a", "c")
    several = in_order(*(section(name, brief=lambda _, name=name: [name]) for name in names))
    html = render_page("report.html.j2", several, make_data())
    assert tuple(re.findall(r'<section id="(\w)"', html)) == names
    assert tuple(re.findall(r'<li><a href="#(\w)"', html)) == names
    assert tuple(text for each in several for text in each.in_brief(make_data())) == names
