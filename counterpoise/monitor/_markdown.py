"""Describe a check of a source for the Prefect UI, the log and the console."""

from __future__ import annotations

from counterpoise.monitor._records import MonitorReport
from counterpoise.records import ClassCounts

_SHOWN = 20
_CLASSES = 12


def describe_status(report: MonitorReport) -> str:
    """Describe the result in a sentence."""
    number = len(report.changes)
    changes = f"{number:,} change{'s' * (number != 1)} since version {report.version}"
    return {
        "unchanged": f"the source is the one of version {report.version}",
        "steady": f"nothing has changed beyond the limits since version {report.version}",
        "moved": changes,
        "broken": f"{changes}, some so large that the feed is probably broken",
    }[report.status] + "".join(f"; {text}" for text in report.stale)


def changes_table(report: MonitorReport) -> list[dict[str, str]]:
    """Return one row per change."""
    return [
        {
            "what": change.what,
            "column": change.column,
            "size": "broken" if change.broken else "moved",
            "observed": change.observed,
        }
        for change in report.changes
    ]


def render_monitor(report: MonitorReport) -> str:
    """Render the check as Markdown; names and values from the data appear as code, so that they stay inert."""
    status = describe_status(report)
    lines = [f"# {report.dataset}: {report.status}", "", f"{status[:1].upper()}{status[1:]}.", ""]
    lines += ["| | now | before |", "|---|---:|---:|", f"| rows | {report.rows:,} | {report.rows_before:,} |"]
    lines += [f"| class {_code(name)} | {now} | {before} |" for name, now, before in _class_rows(report)]
    lines += ["", *_ages(report)]
    if report.changes:
        lines += ["", "## Changes", ""]
        lines += [f"- {_change_line(row)}" for row in changes_table(report)[:_SHOWN]]
    if len(report.changes) > _SHOWN:
        lines.append(f"- and {len(report.changes) - _SHOWN:,} more, all in the table beside this text")
    return "\n".join(lines) + "\n"


def _change_line(row: dict[str, str]) -> str:
    of = f" of {_code(row['column'])}" if row["column"] else ""
    return f"**{row['size']}**: {row['what']}{of}: {_code(row['observed'])}"


def _class_rows(report: MonitorReport) -> list[tuple[str, str, str]]:
    names = list(dict.fromkeys([*report.classes_before, *report.classes]))[:_CLASSES]
    return [(name, _share(report.classes, name), _share(report.classes_before, name)) for name in names]


def _share(classes: ClassCounts, name: str) -> str:
    rows = sum(classes.values())
    count = classes.get(name, 0)
    return f"{count:,} ({count / rows:.2%})" if rows else "0"


def _ages(report: MonitorReport) -> list[str]:
    source = "not known how old"
    if report.source_age is not None:
        source = f"{report.source_age:,.1f} hours old, by {_code(report.source_newest_by)} ({report.source_newest})"
    return [f"- source: {source}", f"- version {report.newest_version}: {report.version_age:,.1f} hours old"]


def _code(text: str) -> str:
    """Return a text as Markdown code that cannot be closed from within, also in tables."""
    return "`" + text.replace("`", "'").replace("|", "¦").replace("\n", " ") + "`"
