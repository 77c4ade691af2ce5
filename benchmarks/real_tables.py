"""Whether real tables go through `init` and `run` with no edits, and whether what is told of their columns is right.

    python benchmarks/real_tables.py --data FOLDER [--tables adult iris …] [--hints-only] [--json]

FOLDER holds the tables and their catalog.json, which says which columns are identifiers, constant or give the label
away, and that no table has groups. The evaluation is limited to logistic regression on one draw. A table with fewer
than two classes of three rows cannot be split: there the right answer is a refusal that says so.

Prints a row a table and the share of tables and hints that are right. Exit code 1 if any is wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
from contextlib import chdir
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

QUICK = ("evaluation.learners=[logistic_regression]", "evaluation.draws=1", "evaluation.bootstrap=0")
FEWEST = 3
LEAKS = re.compile(r"(\S+) leak the target")


@dataclass(frozen=True)
class Result:
    """What became of a table: how its run ended, and what was told and should be told of its columns."""

    name: str
    rows: int
    ended: str
    seconds: float
    told: dict[str, list[str]]
    right: dict[str, list[str]]

    @property
    def wrong(self) -> list[str]:
        """The kinds of hints that are not right."""
        return [kind for kind, names in self.right.items() if sorted(names) != sorted(self.told[kind])]


def main() -> int:
    options = _options()
    catalog = json.loads((options.data / "catalog.json").read_text())
    chosen = [entry for entry in catalog if not options.tables or entry["name"] in options.tables]
    results = []
    for entry in chosen:
        results.append(_tried(entry, options.data, published=not options.hints_only))
        print(json.dumps(asdict(results[-1])) if options.json else _line(results[-1]), flush=True)
    hints = len(results) * len(results[0].right)
    wrong = sum(len(one.wrong) for one in results)
    ended = sum(one.ended in ("published", "refused rightly", "not run") for one in results)
    print(f"{ended} of {len(results)} tables end as they should; {hints - wrong} of {hints} hints are right")
    return 0 if ended == len(results) and not wrong else 1


def _tried(entry: dict[str, Any], data: Path, *, published: bool) -> Result:
    """Return what becomes of a table in an empty folder."""
    from counterpoise.config import load_config
    from counterpoise.errors import CounterpoiseError
    from counterpoise.flows.first_files import source_settings, write_first_files

    target = str(entry["target"]).removeprefix("column index ").split(" (")[0]
    source = source_settings(str((data / entry["file"]).resolve()))
    started, told = sum(os.times()[:2]), dict[str, list[str]]()
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        try:
            files = write_first_files(source, target=target, name=entry["name"], out=Path(), overrides=())
            config = load_config(files.settings, QUICK)
            told = _told(config, Path(folder))
            ended = _run(config) if published else "not run"
        except CounterpoiseError as error:
            small = sorted(entry["class_counts"].values())[-2] < FEWEST
            ended = "refused rightly" if small and error.reason == "rare_classes" else error.reason
    right = {
        "ids": entry["id_like_cols"],
        "group": [],
        "leaks": LEAKS.findall(entry["quirks"])[0].split("/") if LEAKS.search(entry["quirks"]) else [],
        "constants": ["a constant"] * entry["n_constant"],
    }
    return Result(Path(entry["file"]).name, entry["rows"], ended, sum(os.times()[:2]) - started, told, right)


def _told(config: Any, folder: Path) -> dict[str, list[str]]:
    """Return the columns that the proposal and each run tell of, by kind."""
    from counterpoise.ingest import ingest_source
    from counterpoise.suggest import find_hints

    snapshot = ingest_source(config.source, target=config.columns.target, folder=folder / "read")
    hints = find_hints(snapshot, config)
    fixed = [hint.column for hint in hints if hint.reason == "constant_feature"]
    return {
        "ids": list(config.columns.ids),
        "group": [*filter(None, [config.columns.group]), *_columns(hints, "rows_of_one_entity")],
        "leaks": _columns(hints, "reveals_label") + _columns(hints, "other_target"),
        "constants": ["a constant"] * (len(fixed) + len(config.columns.drop)),
    }


def _columns(hints: Any, reason: str) -> list[str]:
    return [hint.column for hint in hints if hint.reason == reason]


def _run(config: Any) -> str:
    from counterpoise.flows.balance import balance
    from counterpoise.flows.local_run import run_flow

    run_flow(balance.fn, config)
    return "published"


def _line(one: Result) -> str:
    told = "; ".join(f"{kind} {', '.join(names)}" for kind, names in one.told.items() if names) or "nothing"
    wrong = f" WRONG: {', '.join(f'{kind} should be {one.right[kind]}' for kind in one.wrong)}" if one.wrong else ""
    return f"| {one.name} | {one.rows:,} | {one.ended} | {one.seconds:.0f} s | {told}{wrong} |"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="The folder of catalog.json.")
    parser.add_argument("--tables", nargs="+", default=(), help="Names in the catalog; all without it.")
    parser.add_argument("--hints-only", action="store_true", help="Propose, but publish nothing.")
    parser.add_argument("--json", action="store_true", help="Print results as JSON.")
    return parser.parse_args()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a script finds only what lies beside it
    sys.exit(main())
