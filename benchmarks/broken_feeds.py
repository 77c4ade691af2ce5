"""What the proposed suite catches of a feed that is broken in 25 ways, and how often it cries wolf.

    python benchmarks/broken_feeds.py --data FOLDER [--tables bank_full adult …] [--subsets 20] [--json]

FOLDER holds the real tables and their catalog.json. Of every table a good feed is published as version 1, with the
configuration and the suite that `counterpoise init` proposes. Then it is delivered broken in every way, and untouched
as random subsets of 90 % of its rows. A breakage counts as caught if the run stops or warns, and as named if what is
said names the broken column, class or property. What warns at the good feed itself counts for nothing.

Exit code 1 where a table with at least 20 possible breakages has fewer than 92 % of them caught and named, or any
table more than one false stop.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.feeds.trials import TableResult

TABLES = ("bank_full", "adult", "telco_churn", "online_shoppers", "mammography", "ai4i2020")


def main() -> int:
    from benchmarks.feeds.summary import good_enough, render

    options = _options()
    results = [_result(name, options) for name in options.tables]
    print(json.dumps([asdict(one) for one in results], indent=2) if options.json else render(results))
    return 0 if all(map(good_enough, results)) else 1


def _result(name: str, options: argparse.Namespace) -> TableResult:
    from benchmarks.feeds.trials import try_table
    from counterpoise.errors import CounterpoiseError

    try:
        return try_table(name, data=options.data, subsets=options.subsets, seed=options.seed)
    except CounterpoiseError as error:
        raise SystemExit(f"{name} is refused as it is: {error}") from error


def _options() -> argparse.Namespace:
    from benchmarks.feeds.options import parser_of

    parser = parser_of(__doc__, TABLES)
    parser.add_argument("--subsets", type=int, default=20, help="How many untouched subsets are tried.")
    return parser.parse_args()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a script finds only what lies beside it
    sys.exit(main())
