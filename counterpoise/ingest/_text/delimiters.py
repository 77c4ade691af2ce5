"""Find the delimiter, the quote and the escape that split a text into the most regular table."""

from __future__ import annotations

import io
import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from counterpoise.config import SourceConfig
from counterpoise.errors import InputError
from counterpoise.ingest._text.records import Marks, TextRecord, read_records
from counterpoise.ingest._text.splitters import BLANKS

_COMMON = (",", ", ", ";", "; ", "\t", "|")
_UNCOMMON = (":", BLANKS, " ", "^", "~", "§", "¦", "\x1f", "\x01")
_QUOTES = ('"', "'")
_SAMPLE_RECORDS = 1_000
_TITLES = 100
_LONG = re.compile(r"[ \t]*[|~^#@:;<>!*&=$%§¦,-]+[ \t]*")
_MIRRORED = str.maketrans("<>", "><")
_LONGEST = 10
_ALIGNED_SHARE = 0.9


@dataclass(frozen=True)
class TextSample:
    """The beginning of a text in whole lines.

    Attributes:
        name: The file's name in errors.
        text: The lines.
        whole: Whether they are the whole text.
        first_line: The number of the first line in the file.
    """

    name: str
    text: str
    whole: bool
    first_line: int = 1

    def without(self, lines: Sequence[str]) -> TextSample:
        """Return the sample without these lines at its beginning."""
        return replace(self, text=self.text[sum(map(len, lines)) :], first_line=self.first_line + len(lines))

    def records(self, marks: Marks) -> Iterator[TextRecord]:
        """Yield the first records, except one that is truncated by the end of the sample."""
        lines = io.StringIO(self.text, newline="")
        records = read_records(lines, name=self.name, marks=marks, first_line=self.first_line)
        taken = 0
        try:
            for record in itertools.islice(records, _SAMPLE_RECORDS):
                taken += 1
                yield record
        except InputError:
            if self.whole or not taken:
                raise


@dataclass(frozen=True)
class Trial:
    """The result of splitting a sample.

    `share` is the share of records with `width` fields, without those of one field at the beginning, which are titles;
    `of_all` is that of all records, and `broken` the error if a quote stays open.
    """

    marks: Marks
    records: tuple[TextRecord, ...]
    width: int
    share: float
    of_all: float = 0
    broken: InputError | None = None


def best_trial(sample: TextSample, source: SourceConfig) -> Trial:
    """Try the quotes in turn; return the first that gives a regular table, else the one with the most regular table.

    Raises:
        InputError: No delimiter splits the text, or a quote stays open.
    """
    first, *others = (source.quote,) if source.quote else _QUOTES
    try:
        best = _best_delimiter(sample, source, first)
    except InputError:
        escaped = _with_escapes(sample, source, first)
        if escaped is None:
            raise
        return escaped
    if f"\\{first}" in sample.text and (escaped := _with_escapes(sample, source, first)):
        strict = _try(sample, replace(escaped.marks, escape=""))
        elsewhere = strict.broken and best.marks.delimiter != escaped.marks.delimiter
        if elsewhere or (_starts_with(best, first) and not _starts_with(escaped, first)):
            return escaped
    if best.share == 0:
        raise InputError(
            "single_column",
            expected="at least two columns",
            found=f"no delimiter that splits lines such as {sample.text.splitlines()[0][:120]!r} in {sample.name}",
            remedy="set source.delimiter",
            values={"file": sample.name},
        )
    if best.share < 1:
        trials = [_try(sample, replace(best.marks, quote=quote)) for quote in others]
        # If a field still starts with the first quote, that quote opened it, and the other quote cannot be right.
        plausible = [trial for trial in trials if not _starts_with(trial, first)]
        escaped = _with_escapes(sample, source, first)
        best = max((best, *plausible, *([escaped] if escaped else [])), key=lambda trial: trial.share)
    return best


def _with_escapes(sample: TextSample, source: SourceConfig, quote: str) -> Trial | None:
    """Return the trial with backslash escapes; None if there are none, or they give no regular table."""
    if "\\" not in sample.text or source.escape:
        return None
    try:
        trial = _best_delimiter(sample, source.model_copy(update={"escape": "\\"}), quote)
    except InputError:
        return None
    return trial if trial.share == 1 else None


def _starts_with(trial: Trial, quote: str) -> bool:
    return any(field.lstrip().startswith(quote) for record in trial.records for field in record.fields)


def _best_delimiter(sample: TextSample, source: SourceConfig, quote: str) -> Trial:
    """Return the delimiter with the most regular table; try uncommon ones only if no common one fits.

    Raises:
        InputError: A quote stays open with a common delimiter, and no other delimiter gives a regular table.
    """
    marks = Marks(source.delimiter, quote, source.escape)
    if source.delimiter:
        trial = _try(sample, marks)
        if trial.broken:
            raise trial.broken
        return trial
    trials = [_try(sample, replace(marks, delimiter=each)) for each in _COMMON]
    best = max(trials, key=_regularity)
    common = best.share > 0.5
    if not common:
        best = max((best, *(_try(sample, replace(marks, delimiter=each)) for each in _UNCOMMON)), key=_regularity)
    best = _aligned(sample, _longer(sample, best))
    broken = next((trial.broken for trial in trials if trial.broken), None)
    if broken and not common and best.of_all < 1:
        raise broken
    return best


def _regularity(trial: Trial) -> tuple[float, float, int, int]:
    delimiter = trial.marks.delimiter
    return trial.share, trial.of_all, trial.width, 0 if delimiter == BLANKS else len(delimiter)


def _longer(sample: TextSample, best: Trial) -> Trial:
    """Return the trial of a delimiter of several characters, if the best one never occurs outside it."""
    lines = [line for line in sample.text.splitlines()[: _SAMPLE_RECORDS + _TITLES] if line.strip()]
    single = best.marks.delimiter
    mark = re.escape(best.marks.quote)
    bare = (re.sub(rf"{mark}[^{mark}]*{mark}", "", line) for line in lines)
    unquoted = [line for line in bare if best.marks.quote not in line and (single in line or not best.share)]
    shown = next(iter(reversed(unquoted[:_TITLES])), "")
    for delimiter in _candidates(shown):
        covers = not best.share or (
            single in delimiter and single != delimiter and not _outside(unquoted[1:], single, delimiter)
        )
        trial = _try(sample, replace(best.marks, delimiter=delimiter)) if covers else None
        if trial and trial.share == 1 and trial.of_all >= best.of_all:
            return trial
    return best


def _candidates(line: str) -> list[str]:
    """Return the symmetric runs of punctuation in a line, longest first; others may begin or end a value, as `;-`."""
    runs = {run for run in _LONG.findall(line) if len(run) >= 2}
    parts = {run[start:stop] for run in runs for start in range(len(run)) for stop in range(start + 2, len(run) + 1)}
    symmetric = [part for part in parts if len(part) <= _LONGEST and part == part[::-1].translate(_MIRRORED)]
    return sorted((part for part in symmetric if part.strip(" \t,")), key=lambda part: (-len(part), part))


def _outside(lines: Sequence[str], single: str, delimiter: str) -> bool:
    """Return whether a delimiter occurs outside a longer one."""
    return any(line.count(single) != line.count(delimiter) * delimiter.count(single) for line in lines)


def _aligned(sample: TextSample, best: Trial) -> Trial:
    """Return the trial by runs of blanks and tabs, if it explains the text better.

    It does if all records have the same number of fields, nearly all have runs of blanks, and the best delimiter stands
    inside the fields and not beside blanks.
    """
    single = best.marks.delimiter
    if best.share == 0 or single in (BLANKS, " "):
        return _in_runs(sample, best) if single == " " else best
    trial = _try(sample, replace(best.marks, delimiter=BLANKS))
    if trial.share < 1 or trial.width < best.width or (single != "\t" and trial.width == best.width):
        return best
    columns = zip(*(record.fields for record in trial.records if len(record.fields) == trial.width), strict=True)
    if any(len(set(column)) == 1 and not re.search(r"[\w?]", column[0]) for column in columns):
        return best
    runs = [bool(re.search(r"\S(?: {2,}| +\t|\t[ \t]+)\S", record.text)) for record in trial.records]
    if sum(runs) < _ALIGNED_SHARE * len(runs):
        return best
    if single != "\t" and any(
        field.startswith(single.strip()) or field.endswith(single.strip())
        for record in trial.records
        for field in record.fields
    ):
        return best
    return trial


def _in_runs(sample: TextSample, best: Trial) -> Trial:
    """Return the trial by runs of blanks if single blanks leave a column empty in all records."""
    rows = [record.fields for record in best.records if len(record.fields) == best.width]
    if all(any(column) for column in zip(*rows, strict=True)):
        return best
    trial = _try(sample, replace(best.marks, delimiter=BLANKS))
    return trial if trial.share == 1 else best


def _try(sample: TextSample, marks: Marks) -> Trial:
    try:
        records = tuple(sample.records(marks))
    except InputError as error:
        return Trial(marks, (), 0, 0, broken=error)
    titles = len(list(itertools.takewhile(lambda record: len(record.fields) == 1, records[:_TITLES])))
    rest = records[titles:] or records
    width, count = Counter(len(record.fields) for record in rest).most_common(1)[0]
    count = count if width > 1 else 0
    return Trial(marks, records, width, count / len(rest), count / len(records))
