"""Report a stage to Prefect: log lines, artifacts, events. Outside of a run, only log lines are written.

Reporting may fail although the work succeeds: an unreachable server must not fail a dataset. Such failures are logged.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from counterpoise.records import DAMAGE_LOGGER
from counterpoise.text import visible

_ACTIVE = re.compile(r"[]<&\\]")
_EMPHASIS = re.compile(r"[*~]|(?<!\w)_+(?=\w)")
_BLOCK = re.compile(r"^\s*([-#>+=]|\d+[.)])")


def log(message: str, *, level: int = logging.INFO) -> None:
    """Write a line to the run's log, or to the plain log outside of a run."""
    _logger().log(level, visible(message), extra={"counterpoise": True})


def _logger() -> logging.Logger | logging.LoggerAdapter[Any]:
    if not in_run():
        return logging.getLogger("counterpoise")
    from prefect.logging import get_run_logger

    return get_run_logger()


class _ToRun(logging.Handler):
    """Forwards warnings about damaged files to the log of the current run."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write the warning as `log` does."""
        log(record.getMessage(), level=record.levelno)


_damage = logging.getLogger(DAMAGE_LOGGER)
_damage.addHandler(_ToRun())
_damage.propagate = False


def artifact_key(*parts: str) -> str:
    """Return a valid artifact key: lower case, digits and dashes.

    >>> artifact_key("Fraud_2024.v1", "validation")
    'fraud-2024-v1-validation'
    """
    text = "-".join(parts).lower()
    dashed = "".join(character if character.isascii() and character.isalnum() else "-" for character in text)
    return "-".join(filter(None, dashed.split("-")))


def publish_link(key: str, place: str, *, description: str) -> None:
    """Show a location in the Prefect UI: a web address as a link, anything else as text to copy.

    Browsers do not follow a link from a server's page to a file, and the newer UI shows a dead link.
    """
    if place.startswith(("http://", "https://")):
        text = {"link": place, "link_text": place}
        try_publish(lambda: artifacts().create_link_artifact(**text, key=key, description=description))
    else:
        where = place if "://" in place else str(Path(place).absolute())
        publish_markdown(key, f"`` {where} ``\n", description=description)


def publish_markdown(key: str, text: str, *, description: str) -> None:
    """Show a Markdown text in the Prefect UI."""
    try_publish(lambda: artifacts().create_markdown_artifact(markdown=text, key=key, description=description))


def publish_table(key: str, rows: list[dict[str, Any]], *, description: str) -> None:
    """Show a table in the Prefect UI with its texts unchanged, whatever Markdown characters they contain.

    The newer UI shows cells as plain text, the older one renders them as Markdown, with links and images.
    """
    cells = [{name: _inert(cell) for name, cell in row.items()} for row in rows]
    try_publish(lambda: artifacts().create_table_artifact(table=cells, key=key, description=description))


def artifacts() -> Any:
    """Return Prefect's module of artifacts, which is only imported in a run."""
    import prefect.artifacts

    return prefect.artifacts


def emit(event: str, dataset: str, payload: dict[str, Any], *, identity: UUID | None = None) -> None:
    """Emit an event about a dataset for automations; do nothing outside of a run.

    Args:
        event: The event, such as `counterpoise.validation.failed`.
        dataset: The dataset's name; the event's resource is `counterpoise.dataset.NAME`.
        payload: JSON-serialisable facts, without secrets.
        identity: The event's id, if it may be emitted twice: the server stores it once.
    """
    resource = {"prefect.resource.id": f"counterpoise.dataset.{dataset}", "prefect.resource.name": dataset}

    def send() -> object:
        from prefect.events import emit_event

        return emit_event(event=event, resource=resource, payload=payload, id=identity)

    try_publish(send)


def event_is_known(identity: UUID) -> bool:
    """Return whether the server has an event; also True if it cannot be asked, as it could not receive one either."""
    from prefect import get_client
    from prefect.events.filters import EventFilter, EventIDFilter

    wanted = EventFilter(id=EventIDFilter(id=[identity]))
    try:
        with get_client(sync_client=True) as client:
            return client.read_events(wanted, limit=1).total > 0
    except _reporting_errors() as error:
        log(f"Could not ask the server for an event: {type(error).__name__}", level=logging.WARNING)
        return True


def _inert(cell: Any) -> Any:
    r"""Return a cell that reads the same as plain text and as Markdown: zero-width spaces break up active characters.

    >>> _inert("![is_fraud](http://x)"), _inert("# <b>")
    ('![is_fraud]\u2060(http://x)', '\u2060# <\u2060b>')
    >>> _inert("a *b* _c_"), _inert(7)
    ('a *\u200ab*\u200a _\u200ac_', 7)
    """
    if not isinstance(cell, str):
        return cell
    text = _ACTIVE.sub("\\g<0>\N{WORD JOINER}", cell.replace("`", "\N{MODIFIER LETTER GRAVE ACCENT}"))
    return _BLOCK.sub("\N{WORD JOINER}\\g<0>", _EMPHASIS.sub("\\g<0>\N{HAIR SPACE}", text))


def try_publish(publish: Callable[[], object]) -> UUID | None:
    """Publish an artifact of the run and return its id, if it has one; a failure is logged and stops nothing."""
    if not in_run():
        return None
    try:
        artifact = publish()
    except _reporting_errors() as error:
        _logger().warning("Could not show an artifact: %s", type(error).__name__)
        return None
    return artifact if isinstance(artifact, UUID) else None


def _reporting_errors() -> tuple[type[Exception], ...]:
    import httpx
    from prefect.exceptions import PrefectException

    return (PrefectException, httpx.HTTPError, OSError, RuntimeError)


def in_run() -> bool:
    """Return whether the code runs in a flow or task run; there is none where nobody has imported Prefect."""
    return in_flow_run() or _current("TaskRunContext") is not None


def in_flow_run() -> bool:
    """Return whether the code runs in a flow run."""
    return _current("FlowRunContext") is not None


def _current(context: str) -> object:
    prefect = sys.modules.get("prefect.context")
    return None if prefect is None else getattr(prefect, context).get()
