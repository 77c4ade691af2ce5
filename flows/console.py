"""The output of the command line: stage lines on standard error, results on standard output."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape as without_markup
from rich.table import Table

from counterpoise.errors import CounterpoiseError
from counterpoise.records import PARTITIONS, DatasetVersion, Report
from counterpoise.storage import join_address
from counterpoise.text import visible, visible_json

if TYPE_CHECKING:
    from counterpoise.flows.preview import Preview
    from counterpoise.monitor import MonitorReport
    from counterpoise.persist import Manifest
    from counterpoise.resample import ResamplingPreview
    from counterpoise.results import Leaderboard, Promotion

_quiet: ContextVar[bool] = ContextVar("counterpoise-quiet", default=False)
_LOGGERS = ("prefect.flow_runs", "prefect.task_runs", "counterpoise")


def escape(text: str) -> str:
    """Escape everything in a text that Rich or a terminal would interpret."""
    return without_markup(visible(text))


def say_result(message: str) -> None:
    """Write a line to standard output."""
    sys.stdout.write(visible(message) + "\n")


def say(message: str) -> None:
    """Write a line to standard error."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(escape(message))


def inform(message: str) -> None:
    """Write a line to standard error, unless only warnings and results are wanted."""
    if not is_quiet():
        say(message)


def show_error(error: CounterpoiseError) -> None:
    """Write a readable error to standard error, with expectation, finding and remedy."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(f"[bold red]{error.stage}[/]: {escape(error.reason)}", end="\n")
    for label, text in (("expected", error.expected), ("found", error.found), ("what to do", error.remedy)):
        console.print(f"  [bold]{label:<12}[/]{escape(text)}")


@contextmanager
def quietly() -> Iterator[None]:
    """In the block, show no progress and only such lines of stages that warn of something."""
    token = _quiet.set(True)
    try:
        yield
    finally:
        _quiet.reset(token)


def is_quiet() -> bool:
    """Return whether only warnings, errors and results are shown."""
    return _quiet.get()


@contextmanager
def stage_lines() -> Iterator[None]:
    """Show the log lines of stages while a flow runs, and redirect other output to standard error."""
    handler = _StageLines(logging.WARNING if is_quiet() else logging.NOTSET)
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    own = logging.getLogger("counterpoise")
    level = own.level
    own.setLevel(logging.INFO)
    for logger in loggers:
        logger.addHandler(handler)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        own.setLevel(level)
        for logger in loggers:
            logger.removeHandler(handler)


class _StageLines(logging.Handler):
    """Shows the log lines of the stages themselves, not those of Prefect's engine."""

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(record, "counterpoise", False):
            say(f"  {record.getMessage()}")


def print_json(value: Mapping[str, Any]) -> None:
    """Write one JSON object to standard output."""
    sys.stdout.write(visible_json(json.dumps(value, indent=2, ensure_ascii=False)) + "\n")


def print_run(version: DatasetVersion, report: Report | None, seconds: float) -> None:
    """Show the result of a run."""
    console = _output()
    state = "published" if version.created else "unchanged since"
    console.print(f"[bold]{escape(version.dataset)}[/]: {state} version {version.version}, {seconds:.1f} s")
    console.print(_partition_table(_classes_of(version)))
    console.print(f"rejected {version.rejected:,} rows, dropped by resampling {version.dropped:,}")
    console.print(f"manifest {escape(join_address(version.root, version.dataset, version.manifest))}")
    if report is not None:
        console.print(f"report   {escape(report.html)}")
        console.print(f"verdict  {escape(report.verdict)}")


def print_preview(preview: Preview) -> None:
    """Show the plans of a run, as far as they were made, and each expectation that does not hold."""
    console, validation = _output(), preview.validation
    passed = sum(one.status == "passed" for one in validation.outcomes)
    answers = f"{passed:,} of {len(validation.outcomes):,} expectations passed"
    console.print(f"[bold]{escape(preview.dataset)}[/]: {preview.rows:,} rows, {answers}")
    for one in validation.outcomes:
        if one.status != "passed":
            found = f"{one.unexpected:,} of {one.checked:,} unexpected" if one.unexpected else one.observed
            console.print(
                escape(f"  {one.severity}: {one.expectation} {', '.join(one.columns)}: {found or one.status}")
            )
    if preview.split is not None and preview.resampling is not None:
        from counterpoise.resample import describe_plan

        console.print(_partition_table({**preview.split.counts, "train, resampled": preview.resampling.after}))
        console.print(escape(f"resampling {describe_plan(preview.resampling)}"))
    console.print(f"rejected {preview.rejected:,} rows; nothing was published")


def print_advice(name: str, preview: ResamplingPreview) -> None:
    """Show the advised strategy, the reasons, and the needs of each strategy."""
    console = Console(highlight=False)
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 0))
    for label, text in _advice_facts(name, preview).items():
        table.add_row(f"[bold]{label}[/]", escape(text))
    console.print(table)
    console.print()
    console.print(_options_table(preview))
    console.print("\nCosts are estimates; the report measures the effect of resampling on test.")


def _advice_facts(name: str, preview: ResamplingPreview) -> dict[str, str]:
    from counterpoise.resample import settings_of
    from counterpoise.runtime import format_size

    facts, configured = preview.facts, preview.configured
    shown = {
        "dataset": f"{name}: {facts.source_rows:,} rows, {facts.rows:,} of them in train",
        "classes": _classes(facts.classes),
        "imbalance": preview.advice.degree,
        "features": f"{facts.numeric:,} numbers and dates, {facts.voted:,} others",
        "advice": " ".join(settings_of(preview.choice)),
        "why": preview.choice.reason,
    }
    if configured is not None:
        needed = f"cannot run, {configured.remark}" if not configured.runs else f"needs {configured.estimate}"
        shown["configured"] = f"{configured.strategy}: {needed}{'' if configured.fits else ', over the limit'}"
    shown["limit"] = "unknown" if preview.limit is None else f"{format_size(preview.limit)} of memory"
    return shown


def _options_table(preview: ResamplingPreview) -> Table:
    from counterpoise.resample import format_seconds
    from counterpoise.runtime import format_size

    table = Table(box=None, padding=(0, 1, 0, 0))
    table.add_column("strategy", no_wrap=True)
    table.add_column("memory", justify="right", no_wrap=True)
    table.add_column("time", justify="right", no_wrap=True)
    table.add_column()
    for option in preview.options:
        remark = option.remark if option.runs else f"no: {option.remark}"
        size, seconds = format_size(option.estimate.bytes), format_seconds(option.estimate.seconds)
        table.add_row(option.strategy, size, seconds, escape(remark))
    return table


def _classes(classes: Mapping[str, int]) -> str:
    """Return train rows by class, largest first, for at most eight classes."""
    rows = sum(classes.values())
    ordered = sorted(classes.items(), key=lambda item: -item[1])
    shown = [f"{name} {_share(count, rows)}" for name, count in ordered]
    return ", ".join(shown if len(shown) <= 8 else [*shown[:7], f"{len(shown) - 7} more"])


def print_board(board: Leaderboard, seconds: float) -> None:
    """Show a leaderboard, followed by the failed candidates with their reasons."""
    from counterpoise.compare import describe_answer, describe_choice, describe_final, leaderboard_table

    console, rows = _output(), leaderboard_table(board)
    head = f"{board.rows:,} train rows, {board.folds} folds"
    console.print(f"[bold]{escape(board.dataset)}[/]: {len(rows)} candidates on {head}, {seconds:.1f} s")
    if answer := describe_answer(board):
        console.print(f"[bold]{escape(answer)}[/]")
    measured = rows[: len(board.ranked)]
    if measured:
        names = [name for name in measured[0] if name != "reason"]
        table = Table(names[0], box=None, padding=(0, 1, 0, 0))
        for name in names[1:3]:
            table.add_column(name, overflow="fold", min_width=14)
        for name in names[3:]:
            table.add_column(name.replace(" ", "\n"), justify="right", no_wrap=True)
        for row in measured:
            table.add_row(*(escape(row[name]) for name in names))
        console.print(table)
    for row in rows[len(measured) :]:
        console.print(escape(f"{row['strategy']}, {row['learner']}: {row['reason']}"))
    for note in board.notes:
        console.print(escape(note))
    for line in (describe_choice(board), *describe_final(board)):
        console.print(escape(line))
    console.print(f"leaderboard {escape(board.file)}")
    console.print(f"page        {escape(board.page)}")


def print_monitor(report: MonitorReport) -> None:
    """Show the result of checking a source, one change per line."""
    from counterpoise.monitor import changes_table, describe_status

    console = _output()
    console.print(f"[bold]{escape(report.dataset)}[/]: {report.status}, {escape(describe_status(report))}")
    for row in changes_table(report):
        console.print(escape(f"  {row['size']:<8}{row['what']} {row['column']}: {row['observed']}"))
    if report.source_age is not None:
        console.print(f"source   {report.source_age:,.1f} hours old, by {escape(report.source_newest_by)}")
    console.print(f"version  {report.newest_version}, {report.version_age:,.1f} hours old")


def print_versions(versions: Sequence[DatasetVersion], promoted: Collection[tuple[str, int]] = ()) -> None:
    """Show published versions, one per line, and mark the promoted ones, given by dataset and version."""
    table = Table("dataset", "version", *PARTITIONS, "rejected", "dropped", "promoted", box=None)
    for version in versions:
        rows = [f"{version.partitions[name].rows:,}" for name in PARTITIONS]
        counts = [*rows, f"{version.rejected:,}", f"{version.dropped:,}"]
        mark = "✓" if (version.dataset, version.version) in promoted else ""
        table.add_row(escape(version.dataset), str(version.version), *counts, mark)
    _output().print(table)


def print_manifest(
    version: DatasetVersion, manifest: Manifest, report: Report | None, promotion: Promotion | None = None,
    *, unknown: Iterable[str] = (),
) -> None:  # fmt: skip
    """Show the facts of one version, except those from unreadable files."""
    certificate = manifest.certificate
    failed = [name for name, holds in certificate.checks.items() if not holds]
    facts = {
        "dataset": f"{version.dataset} version {version.version}",
        "created": manifest.created,
        "source": f"{manifest.source.rows:,} rows, digest {manifest.source.digest[:16]}…",
        "target": manifest.settings.columns.target,
        "strategy": manifest.resampling.strategy,
        "seed": str(manifest.seed),
        "certificate": f"fails: {', '.join(failed)}" if failed else f"holds, {len(certificate.checks)} checks",
        "rejected": f"{version.rejected:,} rows",
        "dropped": f"{version.dropped:,} rows",
        "data": join_address(version.root, version.dataset, version.data),
        "report": report.html if report is not None else "none",
        "verdict": report.verdict if report is not None else "none",
        "promoted": _promoted(version, promotion),
        **dict.fromkeys(unknown, "unknown, its file cannot be used"),
    }
    console = _output()
    for name, fact in facts.items():
        console.print(f"[bold]{name:<13}[/]{escape(str(fact))}")
    console.print(_partition_table(_classes_of(version)))


def _promoted(version: DatasetVersion, promotion: Promotion | None) -> str:
    if promotion is None:
        return "no, and no other version is"
    if promotion.version != version.version:
        return f"no, version {promotion.version} is"
    return f"yes, since {promotion.created} ({promotion.rule}): {promotion.reason}"


def _partition_table(partitions: Mapping[str, Mapping[str, int]]) -> Table:
    """Return a table of rows by partition and class, for at most eight classes."""
    classes = list(dict.fromkeys(name for counts in partitions.values() for name in counts))
    shown = classes[:8]
    more = ["…"] if shown != classes else []
    table = Table("partition", "rows", *map(escape, shown), *more, box=None)
    for part, counts in partitions.items():
        rows = sum(counts.values())
        table.add_row(part, f"{rows:,}", *(_share(counts.get(name, 0), rows) for name in shown))
    return table


def _classes_of(version: DatasetVersion) -> dict[str, dict[str, int]]:
    return {name: dict(version.partitions[name].classes) for name in PARTITIONS}


def _share(count: int, rows: int) -> str:
    return f"{count:,} ({100 * count / rows:.2f} %)" if rows else "0"


def _output() -> Console:
    return Console(highlight=False, soft_wrap=True)
