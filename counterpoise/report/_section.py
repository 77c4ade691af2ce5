"""A section of a page: one object with its data, its template, its place and its part in the brief."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from markupsafe import Markup

from counterpoise.report._templates import own_text, template_environment, template_exists

Data = TypeVar("Data")


@dataclass(frozen=True)
class Section(Generic[Data]):
    """A section of a page.

    Attributes:
        anchor: Its id, unique on the page.
        title: Its heading and its name in the navigation. The template of a part writes its own heading; a part without
            a title is not in the navigation.
        template: Its file in `templates/`. It sees `data`, `view`, `anchor` and the values shared by the page.
        view: Arranges the data; the template sees the result as `view`.
        optional: Whether the page omits the section if the view is None.
        brief: Its paragraphs in the Markdown brief.
        parts: Sections within this one, in order.
        script: The script it needs, a file in `templates/`.

    Raises:
        FileNotFoundError: The template or script does not exist.
    """

    anchor: str
    title: str | Callable[[Data], str]
    template: str
    view: Callable[[Data], object] = lambda data: data
    optional: bool = False
    brief: Callable[[Data], Iterable[str] | None] = lambda _: None
    parts: tuple[Section[Data], ...] = ()
    script: str = ""

    def __post_init__(self) -> None:
        for name in filter(None, (self.template, self.script)):
            if not template_exists(name):
                raise FileNotFoundError(f"The section {self.anchor!r} needs templates/{name}, which does not exist.")

    def heading(self, data: Data) -> str:
        """Return the title for these data."""
        return self.title if isinstance(self.title, str) else self.title(data)

    def in_brief(self, data: Data) -> Iterator[str]:
        """Yield the paragraphs of this section and its parts for the Markdown brief."""
        yield from self.brief(data) or ()
        for part in self.parts:
            yield from part.in_brief(data)


@dataclass(frozen=True)
class ShownSection:
    """A section as rendered on one page."""

    anchor: str
    title: str
    html: Markup
    parts: tuple[ShownSection, ...]
    script: str


def in_order(*sections: Section[Data]) -> tuple[Section[Data], ...]:
    """Return the sections in the order of the page, its navigation and the brief.

    Raises:
        ValueError: Two sections have the same anchor.
    """
    anchors = Counter(each.anchor for section in sections for each in (section, *section.parts))
    twice = sorted(anchor for anchor, times in anchors.items() if times > 1)
    if twice:
        raise ValueError(f"More than one section has the anchor {', '.join(twice)}: each needs its own.")
    return sections


def render_page(template: str, sections: Sequence[Section[Data]], data: Data, **shared: object) -> str:
    """Render a page with its sections.

    Args:
        template: A template that extends `page.html.j2`.
        sections: The sections, in order.
        data: The data of the page.
        **shared: Further values for all templates of the page.
    """
    shown = tuple(_shown(sections, data, shared))
    names = sorted({each.script for section in shown for each in (section, *section.parts) if each.script})
    page = template_environment().get_template(template)
    return page.render(data=data, sections=shown, scripts=[own_text(name) for name in names], **shared)


def _shown(sections: Iterable[Section[Data]], data: Data, shared: dict[str, object]) -> Iterator[ShownSection]:
    for section in sections:
        view = section.view(data)
        if view is None and section.optional:
            continue
        template = template_environment().get_template(section.template)
        html = Markup(template.render(data=data, view=view, anchor=section.anchor, **shared))  # noqa: S704  # escaped
        parts = tuple(_shown(section.parts, data, shared))
        yield ShownSection(section.anchor, section.heading(data), html, parts, section.script)
