"""Detect the dialect of delimited text (delimiter, quote and header) from its beginning."""

from __future__ import annotations

import io
import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from counterpoise.config import SourceConfig
from counterpoise.errors import InputError
from counterpoise.ingest._text.header import check_header_width, has_header
from counterpoise.ingest._text.records import TextRecord, read_records

_COMMON = (",", ", ", ";", "; ", "\t", "|")
_UNCOMMON = (":", " ", "^", "~")
_QUOTES = ('"', "'")
_SAMPLE_RECORDS = 1_000


@dataclass(frozen=True)
class TextSample:
    """The beginning of a text in whole lines, its file's name in errors, and whether it is the whole text."""

    name: str
    text: str
    whole: bool

    def records(self, delimiter: str, quote: str) -> Iterator[TextRecord]:
        """Yield the first records, except one that is truncated by the end of the sample."""
        lines = io.StringIO(self.text, newline="")
        records = read_records(lines, name=self.name, delimiter=delimiter, quote=quote)
        taken = 0
        try:
            for record in itertools.islice(records, _SAMPLE_RECORDS):
                taken += 1
                yield record
        except InputError:
            if self.whole or not taken:
                raise


@dataclass(frozen=True)
class Dialect:
    """The dialect of a text.

    Attributes:
        name: The file's name in errors.
        delimiter: The field delimiter.
        quote: The quote character.
        header: The record with the column names; None if there is none.
        names: The column names; `column_0` and so on without a header.
        rows: The first data records.
    """

    name: str
    delimiter: str
    quote: str
    header: TextRecord | None
    names: tuple[str, ...]
    rows: tuple[TextRecord, ...]


@dataclass(frozen=True)
class _Trial:
    """The result of splitting a sample with a delimiter and a quote.

    `share` is the share of records with `width` fields; `broken` is the error if a quote stays open.
    """

    delimiter: str
    quote: str
    records: tuple[TextRecord, ...]
    width: int
    share: float
    broken: InputError | None = None


def sniff_dialect(sample: TextSample, source: SourceConfig) -> Dialect:
    """Return the dialect of a text. Options that the source sets take precedence.

    Raises:
        InputError: The file is empty, has only a header or only one column, has an unclosed quote, or its header does
            not match the lines.
    """
    if not sample.text.strip():
        raise _refused(
            sample, "empty_file", "a table with a header and rows", "nothing", "check how the file was written"
        )
    trial = _best_trial(sample, source)
    first = trial.records[0]
    header = source.header == "yes" or (source.header == "auto" and has_header(trial.records, name=sample.name))
    rows = trial.records[1:] if header else trial.records
    if not rows and not sample.whole:
        raise _refused(
            sample,
            "record_too_long",
            "a first row that ends within the first megabytes",
            "none",
            "check the quotes of the first row, and that the file is text with one record per line",
        )
    if not rows:
        raise _refused(
            sample,
            "header_only",
            "rows below the header",
            "a header only",
            "check how the file was written; set source.header to no if its only line is a row",
        )
    if not header:
        names = tuple(f"column_{number}" for number in range(trial.width))
        return Dialect(sample.name, trial.delimiter, trial.quote, None, names, rows)
    check_header_width(len(first.fields), rows, name=sample.name)
    names = tuple(field or f"column_{number}" for number, field in enumerate(first.fields))
    return Dialect(sample.name, trial.delimiter, trial.quote, first, names, rows)


def _best_trial(sample: TextSample, source: SourceConfig) -> _Trial:
    """Try the quotes in turn; return the first that gives a regular table, else the one with the most regular table."""
    first, *others = (source.quote,) if source.quote else _QUOTES
    best = _best_delimiter(sample, source, first)
    if best.share == 0:
        raise _refused(
            sample,
            "single_column",
            "at least two columns",
            f"no delimiter that splits lines such as {sample.text.splitlines()[0][:120]!r}",
            "set source.delimiter",
        )
    if best.share < 1:
        trials = [_try(sample, best.delimiter, quote) for quote in others]
        # If a field still starts with the first quote, that quote opened it, and the other quote cannot be right.
        plausible = [trial for trial in trials if not _starts_with(trial, first)]
        best = max((best, *plausible), key=lambda trial: trial.share)
    return best


def _starts_with(trial: _Trial, quote: str) -> bool:
    return any(field.lstrip().startswith(quote) for record in trial.records for field in record.fields)


def _best_delimiter(sample: TextSample, source: SourceConfig, quote: str) -> _Trial:
    """Return the delimiter with the most regular table; try uncommon ones only if no common one fits.

    Raises:
        InputError: A quote stays open with a common delimiter, and no other delimiter gives a regular table.
    """
    common, uncommon = ((source.delimiter,), ()) if source.delimiter else (_COMMON, _UNCOMMON)
    trials = [_try(sample, delimiter, quote) for delimiter in common]
    best = max(trials, key=_regularity)
    if best.share <= 0.5:
        best = max((best, *(_try(sample, delimiter, quote) for delimiter in uncommon)), key=_regularity)
        broken = next((trial.broken for trial in trials if trial.broken), None)
        if broken and best.share < 1:
            raise broken
    return best


def _regularity(trial: _Trial) -> tuple[float, int, int]:
    return trial.share, trial.width, len(trial.delimiter)


def _try(sample: TextSample, delimiter: str, quote: str) -> _Trial:
    try:
        records = tuple(sample.records(delimiter, quote))
    except InputError as error:
        return _Trial(delimiter, quote, (), 0, 0, error)
    width, count = Counter(len(record.fields) for record in records).most_common(1)[0]
    return _Trial(delimiter, quote, records, width, count / len(records) if width > 1 else 0)


def _refused(sample: TextSample, reason: str, expected: str, found: str, remedy: str) -> InputError:
    return InputError(
        reason, expected=expected, found=f"{found} in {sample.name}", remedy=remedy, values={"file": sample.name}
    )
