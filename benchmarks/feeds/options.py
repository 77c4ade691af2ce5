"""Options of the benchmarks that break feeds."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

__all__ = ["parser_of"]


def parser_of(description: str | None, tables: Sequence[str]) -> argparse.ArgumentParser:
    """Return a parser that knows which tables are tried, where they lie and how results are printed.

    Args:
        description: What the benchmark does.
        tables: Names in the catalog that are tried unless others are named.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="The folder of catalog.json.")
    parser.add_argument("--tables", nargs="+", default=tables, help="Names in the catalog.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="Print all results as JSON instead of Markdown.")
    return parser
