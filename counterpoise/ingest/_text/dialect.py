"""How a delimited text is written: its delimiter, quote and header, told from its beginning."""

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

__all__ = ["Dialect", "Sample", "sniff_dialect"]

_COMMON = (",", ", ", ";", "; ", "\t", "|")
_UNCOMMON = (":", " ", "^", "~")
_QUOTES = ('"', "'")
_SAMPLE_RECORDS = 1_000


@dataclass(frozen=True)
class Sample:
    """The beginning of a text in whole lines, how errors call its file, and whether it is the whole text."""

    name: str
    text: str
    whole: bool

    def records(self, delimiter: str, quote: str) -> Iterator[TextRecord]:
        """Yield the first records; one that the end of the sample cuts off is left out."""
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
    """How a text is to be read.

    Attributes:
        name: How errors call the file.
        delimiter: What separates fields.
        quote: What encloses fields.
        header: The record that names the columns, None where there is none.
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
    """What a delimiter and a quote make of a sample.

    `share` of the records has `width` fields; `broken` tells of an open quote.
    """

    delimiter: str
    quote: str
    records: tuple[TextRecord, ...]
    width: int
    share: float
    broken: InputError | None = None


def sniff_dialect(sample: Sample, source: SourceConfig) -> Dialect:
    """Return the dialect of a text. Options that the source sets are taken as they are.

    Raises:
        InputError: Nothing in the file, a header only, one column only, an unclosed quote, or a header that does not
            fit the lines.
    """
    if not sample.text.strip():
        raise _refused(sample, "empty_file", "a table with a header and rows", "nothing", "check how the file was made")
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
            "check the quotes of the first row, and that the file is text with one record a line",
        )
    if not rows:
        raise _refused(
            sample,
            "header_only",
            "rows below the header",
            "a header only",
            "check how the file was made; set source.header to no if its one line is a row",
        )
    if not header:
        names = tuple(f"column_{number}" for number in range(trial.width))
        return Dialect(sample.name, trial.delimiter, trial.quote, None, names, rows)
    check_header_width(len(first.fields), rows, name=sample.name)
    names = tuple(field or f"column_{number}" for number, field in enumerate(first.fields))
    return Dialect(sample.name, trial.delimiter, trial.quote, first, names, rows)


def _best_trial(sample: Sample, source: SourceConfig) -> _Trial:
    """Try the quotes in turn: the first that makes a regular table, else the one that makes the most regular."""
    first, *others = (source.quote,) if source.quote else _QUOTES
    best = _best_delimiter(sample, source, first)
    if best.share == 0:
        raise _refused(
            sample,
            "single_column",
            "at least two columns",
            f"no delimiter that divides lines such as {sample.text.splitlines()[0][:120]!r}",
            "set source.delimiter",
        )
    if best.share < 1:
        trials = [_try(sample, best.delimiter, quote) for quote in others]
        # A field that starts with the first quote has been opened by it: then the other one explains nothing.
        honest = [trial for trial in trials if not _starts_with(trial, first)]
        best = max((best, *honest), key=lambda trial: trial.share)
    return best


def _starts_with(trial: _Trial, quote: str) -> bool:
    return any(field.lstrip().startswith(quote) for record in trial.records for field in record.fields)


def _best_delimiter(sample: Sample, source: SourceConfig, quote: str) -> _Trial:
    """Return the delimiter that makes the most regular table; uncommon ones only where no common one does.

    Raises:
        InputError: A quote is left open with a common delimiter, and no other makes a regular table.
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


def _try(sample: Sample, delimiter: str, quote: str) -> _Trial:
    try:
        records = tuple(sample.records(delimiter, quote))
    except InputError as error:
        return _Trial(delimiter, quote, (), 0, 0, error)
    width, count = Counter(len(record.fields) for record in records).most_common(1)[0]
    return _Trial(delimiter, quote, records, width, count / len(records) if width > 1 else 0)


def _refused(sample: Sample, reason: str, expected: str, found: str, remedy: str) -> InputError:
    return InputError(
        reason, expected=expected, found=f"{found} in {sample.name}", remedy=remedy, values={"file": sample.name}
    )
