"""Random flips in small sources: each is refused by name, reads as before, or had no checksum that could have told.

    python benchmarks/flipped_sources.py --flips 400

Prints one JSON object: flips by kind of file and by what came of them. `unnamed` and `changed with checksums` are 0.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq

from counterpoise.config import SourceConfig
from counterpoise.errors import CounterpoiseError
from counterpoise.ingest import ingest_source
from counterpoise.table import SnapshotReader

__all__ = ["SOURCES", "campaign"]

ROWS = 400


def _table() -> pa.Table:
    rows = range(ROWS)
    return pa.table(
        {
            "id": [f"row-{number:05d}" for number in rows],
            "x": [number * 0.37 for number in rows],
            "word": ["red" if number % 3 else "grün" for number in rows],
            "tags": [["a", str(number % 7)] for number in rows],
            "kind": pa.array([f"kind {number % 4}" for number in rows]).dictionary_encode(),
            "day": pa.array([number % 90 for number in rows], pa.date32()),
            "label": [int(number % 9 == 0) for number in rows],
        }
    )


def _csv() -> bytes:
    return ("id,x,label\n" + "".join(f"{n},{n * 0.37},{int(n % 9 == 0)}\n" for n in range(ROWS))).encode()


def _json() -> bytes:
    return "".join(json.dumps({"id": n, "x": n * 0.37, "label": int(n % 9 == 0)}) + "\n" for n in range(ROWS)).encode()


def _zstd(path: Path) -> None:
    with pa.CompressedOutputStream(pa.OSFile(str(path), "wb"), "zstd") as stream:
        stream.write(_json())


SOURCES: dict[str, Callable[[Path], object]] = {
    "checked.parquet": lambda path: pq.write_table(_table(), path, write_page_checksum=True, row_group_size=100),
    "plain.parquet": lambda path: pq.write_table(_table(), path, compression="none", use_dictionary=False),
    "snappy.parquet": lambda path: pq.write_table(_table(), path, row_group_size=100),
    "zstd.feather": lambda path: pyarrow.feather.write_feather(_table(), path, compression="zstd"),
    "plain.arrow": lambda path: pyarrow.feather.write_feather(_table(), path, compression="uncompressed"),
    "t.csv.gz": lambda path: path.write_bytes(gzip.compress(_csv(), mtime=0)),
    "t.json.zst": _zstd,
}
"""How each source is written."""

CHECKSUMS = ("t.csv.gz",)
"""Sources all of whose bytes have checksums; of `checked.parquet` the pages do, the footer does not."""


def _read(path: Path, folder: Path) -> str | pa.Table:
    """Return what reading the whole source comes to: its rows, or the reason of the refusal."""
    try:
        snapshot = ingest_source(SourceConfig(path=str(path)), target="label", folder=folder)
    except CounterpoiseError as error:
        return f"refused: {error.reason}"
    reader = SnapshotReader(snapshot)
    try:
        table = pa.concat_tables([table for _, table in reader.iter_groups()])
        return table.take(pa.array(range(len(table))))  # a copy: Arrow files are mapped, and the next flip is near
    except CounterpoiseError:
        return "refused late"


def _flip(data: bytes, random_number: random.Random, *, end: int) -> tuple[bytes, int]:
    place = random_number.randrange(end)
    changed = bytearray(data)
    changed[place] ^= 1 << random_number.randrange(8)
    return bytes(changed), place


def campaign(flips: int, *, seed: int = 0) -> dict[str, dict[str, int]]:
    """Flip a bit at a time and count what comes of it, by source.

    Args:
        flips: How many flips in each source.
        seed: The seed of places and bits.
    """
    chance = random.Random(seed)  # noqa: S311  # places to damage
    results: dict[str, Counter[str]] = {name: Counter() for name in SOURCES}
    for name, write in SOURCES.items():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, name)
            write(path)
            data, whole = path.read_bytes(), _read(path, Path(folder, "whole"))
            pages = len(data) - 8 - int.from_bytes(data[-8:-4], "little") if name.endswith("parquet") else len(data)
            for number in range(flips):
                damaged, place = _flip(data, chance, end=len(data))
                path.write_bytes(damaged)
                try:
                    answer = _read(path, Path(folder, str(number)))
                except Exception as error:  # noqa: BLE001  # what this is looking for
                    results[name][f"unnamed: {type(error).__name__}: {str(error)[:80]}"] += 1
                    continue
                checked = name in CHECKSUMS or (name == "checked.parquet" and place < pages)
                kind = answer if isinstance(answer, str) else "as before" if answer == whole else "changed"
                results[name][f"{kind} with checksums" if kind == "changed" and checked else kind] += 1
    return {name: dict(counted) for name, counted in results.items()}


def main() -> None:
    """Run the campaign of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flips", type=int, default=400, help="Flips in each source.")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    print(json.dumps(campaign(given.flips, seed=given.seed), indent=2))


if __name__ == "__main__":
    main()
