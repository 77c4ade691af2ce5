"""Generate seeded sample tables in chunks, so that only the disk limits their size."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from counterpoise.errors import ConfigError
from counterpoise.runtime import child_generator, names_refusals
from counterpoise.storage import written_whole

Write = Callable[[pa.Table], None]

_CHUNK = 100_000
_START = np.datetime64("2026-01-01T00:00:00", "s")
_CATEGORIES = np.array(["grocery", "fuel", "travel", "electronics", "gaming", "restaurant"])
_COUNTRIES = np.array(["DE", "FR", "NL", "PL", "US", "NG", "BR"])


@names_refusals("sample")
def write_sample(kind: Literal["toy", "fraud"], *, rows: int, out: Path, seed: int = 0) -> Path:
    """Write a generated imbalanced table.

    `toy` has the features x1 and x2, two overlapping Gaussian clouds, and a label that is 1 in one row out of ten.
    `fraud` resembles card transactions: identifiers, a timestamp, amounts, counts, a flag, categories, codes with
    leading zeros, missing values, a few rows with equal features, and is_fraud in about one row out of a hundred.

    Args:
        kind: The kind of table.
        rows: The number of rows.
        out: The file; its extension sets the format: .csv, .tsv (also .gz), .jsonl, .parquet, .arrow or .feather.
        seed: The same seed gives the same file.

    Raises:
        ConfigError: The extension is unknown.
    """
    chunk = {"toy": _toy, "fraud": _fraud}[kind]
    out.parent.mkdir(parents=True, exist_ok=True)
    schema = chunk(child_generator(seed, kind, 0), 0, 10).schema
    with written_whole(out) as draft, _writer(draft, schema) as write:
        for first in range(0, rows, _CHUNK):
            write(chunk(child_generator(seed, kind, first), first, min(_CHUNK, rows - first)))
    return out


def _labels(rng: np.random.Generator, rows: int, share: float) -> np.ndarray:
    """Return shuffled labels; the share of ones is rounded to whole rows, with a minimum for small tables."""
    ones = min(rows // 2, max(round(rows * share), 12))
    return rng.permutation(np.arange(rows) < ones)


def _toy(rng: np.random.Generator, _first: int, rows: int) -> pa.Table:
    label = _labels(rng, rows, 0.1)
    return pa.table(
        {
            "x1": rng.normal(label * 1.5, 1.0),
            "x2": rng.normal(label * 1.0, 1.2),
            "label": label.astype(np.int64),
        }
    )


def _fraud(rng: np.random.Generator, first: int, rows: int) -> pa.Table:
    fraud = _labels(rng, rows, 0.01)
    # Frauds differ: a third of them look much like other transactions.
    odd = fraud & (rng.random(rows) < 0.67)
    night = rng.random(rows) < np.where(odd, 0.55, 0.12)
    second = rng.integers(0, 86_400, rows) // np.where(night, 4, 1)
    numbers = {
        "amount": np.round(rng.lognormal(3.3 + 0.9 * odd, 1.0), 2),
        "transactions_last_hour": rng.poisson(0.4 + 1.6 * odd),
        "account_age_days": np.floor(rng.gamma(2.0, np.where(odd, 180.0, 420.0))).astype(np.int64),
        "distance_km": np.round(rng.exponential(np.where(odd, 60.0, 12.0)), 3),
        "device_score": np.round(np.clip(rng.normal(0.75 - 0.25 * odd, 0.15), 0, 1), 4),
    }
    missing = {"device_score": rng.random(rows) < 0.08, "distance_km": rng.random(rows) < 0.03 + 0.1 * odd}
    texts = {
        "merchant_category": rng.choice(_CATEGORIES, rows, p=[0.34, 0.16, 0.1, 0.14, 0.08, 0.18]),
        "merchant_code": np.char.zfill(rng.integers(1, 400, rows).astype(str), 4),
        "country": rng.choice(_COUNTRIES, rows, p=[0.4, 0.2, 0.15, 0.1, 0.09, 0.03, 0.03]),
    }
    texts["merchant_category"] = np.where(odd & (rng.random(rows) < 0.5), "electronics", texts["merchant_category"])
    features: dict[str, Any] = {name: pa.array(values, mask=missing.get(name)) for name, values in numbers.items()}
    features |= {name: pa.array(values.tolist()) for name, values in texts.items()}
    features["online"] = pa.array(rng.random(rows) < np.where(odd, 0.8, 0.35))
    table = _with_duplicates(rng, pa.table({**features, "is_fraud": pa.array(fraud)}))
    return _with_keys(rng, table, first, second)


def _with_duplicates(rng: np.random.Generator, table: pa.Table) -> pa.Table:
    """Replace one row in 500 with the features and label of another, like duplicate entries in real data."""
    source = np.arange(table.num_rows)
    copies = rng.choice(table.num_rows, table.num_rows // 500, replace=False)
    legitimate = np.flatnonzero(~np.asarray(table["is_fraud"]))
    replaced = copies[~np.asarray(table["is_fraud"])[copies]]
    source[replaced] = rng.choice(legitimate, len(replaced))
    return table.take(pa.array(source))


def _with_keys(rng: np.random.Generator, table: pa.Table, first: int, second: np.ndarray) -> pa.Table:
    """Prepend identifiers and the time of the transaction to a table."""
    rows = table.num_rows
    days = (first + np.arange(rows)) // 2_000
    when = _START + (days * 86_400 + second).astype("timedelta64[s]")
    names = ["transaction_id", "customer_id", "timestamp", *table.schema.names]
    keys = [
        pa.array([f"T{first + row:010d}" for row in range(rows)]),
        pa.array([f"C{customer:06d}" for customer in rng.integers(0, 50_000, rows)]),
        pa.array(when, pa.timestamp("s")),
    ]
    return pa.table([*keys, *table.columns], names=names)


@contextmanager
def _writer(out: Path, schema: pa.Schema) -> Iterator[Write]:
    """Provide a function that appends tables to the file, in the format of its extension."""
    name = out.name.lower()
    plain = name.removesuffix(".gz")
    if plain.endswith((".csv", ".tsv")):
        options = pa.csv.WriteOptions(delimiter="\t" if plain.endswith(".tsv") else ",", quoting_style="needed")
        with pa.output_stream(out) as sink, pa.csv.CSVWriter(sink, schema, write_options=options) as writer:
            yield writer.write_table
    elif plain.endswith(".jsonl"):
        with pa.output_stream(out) as sink:
            yield lambda table: sink.write(_json_lines(table))
    elif name.endswith(".parquet"):
        with pq.ParquetWriter(out, schema, compression="zstd", write_page_checksum=True) as writer:
            yield writer.write_table
    elif name.endswith((".arrow", ".feather")):
        with pa.OSFile(str(out), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
            yield writer.write_table
    else:
        raise ConfigError(
            "unknown_format",
            expected="a file with the extension .csv, .tsv, .jsonl (also .gz), .parquet, .arrow or .feather",
            found=repr(out.suffix),
            remedy="choose one of these extensions for --out",
        )


def _json_lines(table: pa.Table) -> bytes:
    rows = (json.dumps(row, default=str, ensure_ascii=False) for row in table.to_pylist())
    return "".join(f"{row}\n" for row in rows).encode()
