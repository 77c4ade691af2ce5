"""What is caught of a broken file in a folder of good ones, and how often honest growth is refused.

    python benchmarks/growing_feeds.py --data FOLDER [--tables bank_full adult …] [--earlier 7] [--nights 21] [--json]

FOLDER holds the real tables and their catalog.json. The rows of a table lie in eight files of equal size, or
one more than `--earlier`; all but one are published with the configuration and the suite that `counterpoise init`
proposes, and the last arrives broken in each of the 25 ways of `broken_feeds.py`. So a broken row stands among seven
good ones. Another folder of the same rows grows
honestly by a file a night, and every night is to be published.

Exit code 1 where fewer than 88 % of the possible breakages are caught and named, or an honest night is refused.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.feeds.growing import GrowingResult

TABLES = ("bank_full", "adult", "telco_churn", "online_shoppers")
_SHARE = 0.88
_SHOWN = 300


def main() -> int:
    from benchmarks.feeds.growing import try_growing

    options = _options()
    results = [
        try_growing(name, data=options.data, earlier=options.earlier, nights=options.nights, seed=options.seed)
        for name in options.tables
    ]
    print(json.dumps([asdict(one) for one in results], indent=2) if options.json else "\n".join(_lines(results)))
    return 0 if all(one.named >= _SHARE * one.possible and not one.stopped for one in results) else 1


def _lines(results: Sequence[GrowingResult]) -> Iterator[str]:
    titles = ("rows a file", "caught and named", "stopped", "missed", "honest nights", "refused", "warned", "seconds")
    yield f"| table | {' | '.join(titles)} |"
    yield f"|---|{'---:|' * len(titles)}"
    for one in results:
        stopped, missed = (sum(each.status == status for each in one.breakages) for status in ("stopped", "missed"))
        yield (
            f"| {one.table} | {one.rows:,} | {one.named} of {one.possible} | {stopped} | {missed} | {one.nights} "
            f"| {len(one.stopped)} | {one.warned} | {one.seconds:.0f} |"
        )
    for one in results:
        yield f"{one.table}:"
        yield from (f"- refused, {each[:_SHOWN]}" for each in one.stopped)
        yield from (
            f"- {each.status}{'' if each.named else ', cause not named'}: {each.title}: {each.said[:_SHOWN]}"
            for each in one.breakages
            if each.status in ("missed", "warned") or not each.named
        )


def _options() -> argparse.Namespace:
    from benchmarks.feeds.options import parser_of

    parser = parser_of(__doc__, TABLES)
    parser.add_argument("--earlier", type=int, default=7, help="How many good files are there before the broken one.")
    parser.add_argument("--nights", type=int, default=21, help="How many honest files are delivered.")
    return parser.parse_args()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a script finds only what lies beside it
    sys.exit(main())
