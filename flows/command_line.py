"""The `counterpoise` command.

Exit codes: 0 success; 1 an internal failure or a version that fails verification; 2 bad input or configuration.
"""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from counterpoise import __version__
from counterpoise.errors import ConfigError, CounterpoiseError
from counterpoise.flows.arguments import Address, Config, Explained, Json, Overrides, Prefect, Source, TrustManifest
from counterpoise.flows.console import (
    print_advice,
    print_board,
    print_json,
    print_manifest,
    print_monitor,
    print_preview,
    print_run,
    print_versions,
    quietly,
    say,
    say_result,
    show_error,
)
from counterpoise.flows.prefect_settings import set_defaults
from counterpoise.runtime import refusal_behind
from counterpoise.secrets import redact
from counterpoise.text import is_utf8

app = typer.Typer(
    name="counterpoise",
    help="Balanced, leak-proof, versioned training sets from imbalanced data.",
    epilog="All accept --quiet, for warnings and results only, and --debug, for tracebacks and Prefect's log.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def main() -> None:
    """Run the command line and exit with its exit code."""
    debug, quiet = ("--debug" in sys.argv[1:]), ("--quiet" in sys.argv[1:])
    arguments = [argument for argument in sys.argv[1:] if argument not in ("--debug", "--quiet")]
    set_defaults(debug=debug)
    with quietly() if quiet else nullcontext():
        sys.exit(run_command(arguments, debug=debug))


def _print_version(asked: bool) -> None:
    if asked:
        say_result(f"counterpoise {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Balanced, leak-proof, versioned training sets from imbalanced data."""


def run_command(arguments: list[str], *, debug: bool = False) -> int:
    """Run one command and return its exit code.

    Args:
        arguments: The command and its arguments.
        debug: Whether to show tracebacks.
    """
    try:
        _check_utf8(arguments)
        app(arguments)
    except SystemExit as ended:
        return int(ended.code or 0)
    except Exception as error:  # noqa: BLE001  # whatever failed, end with a readable line
        stage = arguments[0] if arguments else "counterpoise"
        named = error if isinstance(error, CounterpoiseError) else refusal_behind(error, stage=stage)
        if named is not None:
            show_error(named)
        else:
            say(f"failed: {type(error).__name__}: {redact(str(error))}")
            say("This is a failure of Counterpoise or of the machine. Run again with --debug for the traceback.")
        if debug:
            say(redact(traceback.format_exc()))
        return 1 if named is None else named.exit_code
    return 0


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="The folder for table, configuration and datasets.")] = Path(
        "counterpoise-demo"
    ),
    rows: Annotated[int, typer.Option(min=2_000, help="The number of rows to generate.")] = 20_000,
    prefect: Prefect = False,
) -> None:
    """Publish a generated fraud-like table, to see what comes out."""
    from counterpoise.flows.demo import run_demo

    run_demo(out, rows=rows, prefect=prefect)


@app.command()
def sample(
    kind: Annotated[Literal["toy", "fraud"], typer.Argument(help="Two Gaussian features, or a fraud-like table.")],
    out: Annotated[Path, typer.Option(help="The file to write; its extension sets the format.")],
    rows: Annotated[int, typer.Option(min=1, help="The number of rows.")] = 1_000,
    seed: Annotated[int, typer.Option(min=0, help="The seed; the same seed gives the same table.")] = 0,
) -> None:
    """Write a generated imbalanced table."""
    from counterpoise.suggest import write_sample

    say_result(str(write_sample(kind, rows=rows, out=out, seed=seed)))


@app.command()
def init(
    source: Annotated[str, typer.Argument(help="A file, glob or folder, or a SQLAlchemy URL.")],
    *,
    target: Annotated[str, typer.Option(help="The label column: its name, or its index from 0.")],
    name: Annotated[str, typer.Option(help="The name of the dataset; that of the file or table by default.")] = "",
    table: Annotated[str, typer.Option(help="With a URL: the table to read.")] = "",
    query: Annotated[str, typer.Option(help="With a URL: the query to read.")] = "",
    out: Annotated[Path, typer.Option(help="The folder for NAME.yaml and NAME.suite.json.")] = Path(),
    overrides: Overrides = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite existing files.")] = False,
) -> None:
    """Inspect a source and write a configuration and a suite for it."""
    from counterpoise.flows.first_files import name_of, source_settings, write_first_files

    settings = source_settings(source, table=table, query=query)
    given, named = overrides or (), name or name_of(settings)
    files = write_first_files(settings, target=target, name=named, out=out, force=force, overrides=given)
    for path in (files.settings, files.suite):
        say_result(str(path))
    if redact(source) != source:
        say("The password was not written: replace *** with ${VARIABLE} in source.url, and set VARIABLE for the run.")


@app.command()
def schema() -> None:
    """Print the JSON schema of configurations, for editors."""
    from counterpoise.config import BalanceConfig

    print_json({"$schema": "https://json-schema.org/draft/2020-12/schema", **BalanceConfig.model_json_schema()})


@app.command()
def explain(name: Explained) -> None:
    """Say what a strategy or a metric does, and where to configure it."""
    from counterpoise.flows.explain import explain as explained

    say_result(explained(name))


@app.command()
def advise(config: Config, overrides: Overrides = None, as_json: Json = False) -> None:
    """Recommend a strategy and estimate what each one needs."""
    from counterpoise.config import load_config

    settings = load_config(config, overrides or ())
    from counterpoise.compare import advise_resampling
    from counterpoise.storage import scratch_folder

    with scratch_folder() as folder:
        preview = advise_resampling(settings, folder=folder)
    if as_json:
        print_json(preview.record())
    else:
        print_advice(settings.name, preview)


@app.command()
def validate(config: Config, overrides: Overrides = None, as_json: Json = False) -> None:
    """Check the source of a configuration; nothing is published."""
    _preview(config, overrides, as_json, whole=False)


@app.command()
def run(
    config: Config,
    overrides: Overrides = None,
    as_json: Json = False,
    prefect: Prefect = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be published, and publish nothing.")
    ] = False,
) -> None:
    """Publish a dataset; an unchanged one is not published again."""
    if dry_run:
        _preview(config, overrides, as_json, whole=True)
        raise typer.Exit
    from counterpoise.flows.local_run import prepared, run_flow

    started = time.perf_counter()
    with prepared(prefect=prefect):
        from counterpoise.config import load_config
        from counterpoise.flows.plain.balance import balance, report_of

        version = run_flow(balance, load_config(config, overrides or ()), prefect=prefect)
    report = report_of(version)
    seconds = time.perf_counter() - started
    if as_json:
        print_json(_run_record(version, report, seconds))
    else:
        print_run(version, report, seconds)


def _preview(config: Path, overrides: Overrides, as_json: bool, *, whole: bool) -> None:
    from counterpoise.flows.local_run import prepared, run_plainly

    with prepared():
        from counterpoise.config import load_config
        from counterpoise.flows.preview import preview

        found = run_plainly(partial(preview, whole=whole), load_config(config, overrides or ()))
    if as_json:
        print_json(found.record())
    else:
        print_preview(found)


@app.command()
def compare(
    config: Config,
    overrides: Overrides = None,
    strategy: Annotated[str, typer.Option(help="A strategy to answer for first: does it help?")] = "",
    as_json: Json = False,
    prefect: Prefect = False,
) -> None:
    """Compare strategies and learners on folds of train."""
    from counterpoise.config import load_config

    started = time.perf_counter()
    asked = [f"tournament.strategy={strategy}"] if strategy else []
    settings = load_config(config, [*(overrides or ()), *asked])
    from counterpoise.compare import describe_answer
    from counterpoise.flows.local_run import run_flow
    from counterpoise.flows.plain.compare import compare as pipeline

    board = run_flow(pipeline, settings, prefect=prefect)
    seconds = time.perf_counter() - started
    if as_json:
        answer = {"answer": describe_answer(board)} if board.asked else {}
        print_json({**answer, **board.model_dump(mode="json"), "seconds": round(seconds, 3)})
    else:
        print_board(board, seconds)


@app.command()
def monitor(config: Config, overrides: Overrides = None, as_json: Json = False, prefect: Prefect = False) -> None:
    """Compare the source with a version: balance, drift and age."""
    from counterpoise.config import load_config

    settings = load_config(config, overrides or ())
    from counterpoise.flows.local_run import run_flow
    from counterpoise.flows.plain.monitor import monitor as pipeline

    report = run_flow(pipeline, settings, prefect=prefect)
    if as_json:
        print_json(report.model_dump(mode="json"))
    else:
        print_monitor(report)


@app.command()
def versions(
    address: Annotated[str, typer.Argument(metavar="ROOT[/NAME]", help="A folder of datasets, or one dataset.")],
    as_json: Json = False,
) -> None:
    """List published versions, and name manifests that cannot be read."""
    from counterpoise.flows.listing import damaged_versions, find_versions, promoted_versions

    found, damaged = find_versions(address), damaged_versions(address)
    promoted = promoted_versions(found, warn=say)
    if as_json:
        records = [_version_record(version, promoted) for version in found]
        print_json({"versions": records, "damaged": [error.as_dict() for error in damaged]})
    else:
        print_versions(found, promoted)
    for error in damaged:
        show_error(error)


@app.command()
def show(address: Address, as_json: Json = False) -> None:
    """Show the facts of a version, or its whole manifest with --json."""
    from counterpoise.evaluate import find_evaluation
    from counterpoise.flows.listing import or_none
    from counterpoise.versions import open_version

    version = open_version(address)
    if as_json:
        print_json(version.manifest.as_json())
    else:
        unknown: list[str] = []
        report = or_none(lambda: find_evaluation(version.record), warn=_noting(unknown, "report", "verdict"))
        promotion = or_none(lambda: version.promotion, warn=_noting(unknown, "promoted"))
        print_manifest(version.record, version.manifest, report, promotion, unknown=unknown)


def _noting(unknown: list[str], *facts: str) -> Callable[[str], None]:
    """Return a function that reports an unusable file and records which facts are then unknown."""

    def warn(problem: str) -> None:
        say(problem)
        unknown.extend(facts)

    return warn


@app.command()
def promote(address: Address) -> None:
    """Make NAME@promoted refer to a version, whatever its metrics."""
    from counterpoise.versions import open_version, promote_by_hand

    record = open_version(address).record
    outcome = promote_by_hand(record)
    name = f"{record.dataset} version {record.version}"
    say_result(f"{name}: {'promoted' if outcome.promotion else 'nothing to do'}, {outcome.reason}")


@app.command()
def verify(address: Address, source: Source = "", trust_manifest: TrustManifest = False) -> None:
    """Recompute a version's facts; exit 1 if its files differ."""
    from counterpoise.verify import verify_address

    name, found = verify_address(address, source=source, trusted=trust_manifest)
    for difference in found.differences:
        say_result(difference)
    if not found.holds:
        raise typer.Exit(1)
    say_result(f"{name}: files, facts of the manifest and leakage certificate hold")
    for sentence in (*found.left_to_the_source, *found.unproven):
        say_result(f"  not proven: {sentence}")


@app.command()
def rebuild(
    address: Address,
    source: Source = "",
    trust_manifest: TrustManifest = False,
    out: Annotated[Path | None, typer.Option(help="Write train/ and keys/train/ here, not to the version.")] = None,
) -> None:
    """Rebuild train from source and recipe; exit 1 if a byte differs."""
    from counterpoise.storage import join_address
    from counterpoise.versions import rebuild_version

    rebuilt = rebuild_version(address, source=source, trusted=trust_manifest, out=out)
    name = f"{rebuilt.version.record.dataset} version {rebuilt.version.number}"
    if rebuilt.stored and out is None:
        say_result(f"{name}: {rebuilt.rows:,} train rows rebuilt, identical to the stored bytes")
    else:
        place = join_address(rebuilt.folder, "train")
        say_result(f"{name}: {rebuilt.rows:,} train rows in {place}, identical to the published bytes")


def _version_record(version: Any, promoted: Any) -> dict[str, Any]:
    record: dict[str, Any] = version.model_dump(mode="json", exclude={"created"})
    return {**record, "promoted": (version.dataset, version.version) in promoted}


def _run_record(version: Any, report: Any, seconds: float) -> dict[str, Any]:
    from counterpoise.storage import join_address

    return {
        "dataset": version.dataset,
        "version": version.version,
        "manifest": join_address(version.root, version.dataset, version.manifest),
        "report": None if report is None else report.html,
        "partitions": {name: part.model_dump() for name, part in version.partitions.items()},
        "rejected": version.rejected,
        "dropped": version.dropped,
        "seconds": round(seconds, 3),
    }


def _check_utf8(arguments: list[str]) -> None:
    """Refuse names that are not UTF-8, because configurations, manifests and reports cannot contain them."""
    if broken := [argument for argument in arguments if not is_utf8(argument)]:
        raise ConfigError(
            "argument_not_utf8",
            expected="arguments and file names in UTF-8",
            found=repr(redact(broken[0])),
            remedy="rename the file or folder, or set the locale of its name, such as LC_ALL=C.UTF-8",
        )
