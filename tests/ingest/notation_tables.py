"""Tables in any notation and dialect, written by means of their own, and whether reading them was a silent mistake."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from counterpoise.errors import CounterpoiseError
from tests.ingest.reading import Reading, ingest_text

BLANKS = (" ", "\u00a0", "\u202f", "\u2009")
LOCALES = {
    "1234.56": ("", "."), "1,234.56": (",", "."), "1 234.56": (" ", "."), "1'234.56": ("'", "."),
    "1234,56": ("", ","), "1.234,56": (".", ","), "1 234,56": (" ", ","), "1'234,56": ("'", ","),
}  # fmt: skip
UNITS = (("", ""), ("$", ""), ("", " €"), ("CHF ", ""), ("", "%"), ("", " kg"), ("", " m²"), ("R$ ", ""))
DATES: dict[str, Callable[[dt.datetime], str]] = {
    "dd/mm/yyyy": lambda t: f"{t:%d/%m/%Y}",
    "mm/dd/yyyy": lambda t: f"{t:%m/%d/%Y}",
    "dd.mm.yyyy": lambda t: f"{t.day}.{t.month}.{t.year}",
    "dd-mm-yyyy": lambda t: f"{t:%d-%m-%Y}",
    "yyyy/mm/dd": lambda t: f"{t:%Y/%m/%d}",
    "yyyy-mm-dd": lambda t: f"{t.year}-{t.month}-{t.day}",
    "dd.mm.yy": lambda t: f"{t:%d.%m.%y}",
    "mm/dd/yy": lambda t: f"{t:%m/%d/%y}",
    "dd mmm yyyy": lambda t: f"{t:%d %b %Y}",
    "mmm dd yyyy": lambda t: f"{t:%B %d, %Y}",
}
TRUTHS = ("yes/no", "y/n", "t/f", "true/false", "ja/nein", "oui/non", "on/off")
UTC = dt.UTC


@dataclass(frozen=True)
class Column:
    """A column: its notation, its texts, what they mean, and whether it is of truth values."""

    notation: str
    texts: list[str]
    values: list[Any]
    truths: bool = False


@dataclass(frozen=True)
class Table:
    """A table of columns, and the text that holds it."""

    columns: dict[str, Column]
    text: str


def number(value: Decimal, group: str, mark: str, *, unit: tuple[str, str], negative: str) -> str:
    whole, _, fraction = f"{abs(value):f}".partition(".")
    grouped = f"{int(whole):,}".replace(",", group)
    digits = unit[0] + grouped + (mark + fraction if fraction else "") + unit[1]
    if value >= 0:
        return digits
    return {"(": f"({digits})", "behind": f"{digits}-", "before": f"-{digits}", "sign": f"\u2212{digits}"}[negative]


def numbers(random: Random, rows: int, locale: str, *, scale: int | None = None) -> Column:
    group, mark = LOCALES[locale]
    group = random.choice(BLANKS) if group == " " else random.choice("'\u2019") if group == "'" else group
    unit, negative = random.choice(UNITS), random.choice(["(", "behind", "before", "sign"])
    scale = random.choice([0, 0, 1, 2, 2, 3, 4, 12]) if scale is None else scale
    most = 10 ** random.randint(2, 12)
    values = [Decimal(random.randint(-most, most)).scaleb(-scale) for _ in range(rows)]
    texts = [number(value, group, mark, unit=unit, negative=negative) for value in values]
    name = f"{unit[0]}{locale}{unit[1]}"
    return Column(name, texts, values)


def dates(random: Random, rows: int) -> Column:
    start = dt.datetime(1980, 1, 1)  # noqa: DTZ001  # times without a zone
    moments = [start + dt.timedelta(seconds=random.randrange(40 * 365 * 86_400)) for _ in range(rows)]
    name = random.choice(list(DATES))
    days = [DATES[name](moment) for moment in moments]
    clock = random.choice(["", "", "24", "12", "offset"])
    if clock == "":
        return Column(name, days, [moment.date() for moment in moments])
    if clock == "24":
        texts = [f"{day} {moment:%H:%M:%S}" for day, moment in zip(days, moments, strict=True)]
        return Column(f"{name} hh:mm", texts, moments)
    if clock == "12":
        moments = [moment.replace(second=0) for moment in moments]
        texts = [f"{day} {moment:%I:%M %p}" for day, moment in zip(days, moments, strict=True)]
        return Column(f"{name} hh:mm", texts, moments)
    hours = [random.randint(-12, 13) for _ in moments]
    texts = [f"{day}T{moment:%H:%M:%S}.5{hour:+03d}:30" for day, moment, hour in zip(days, moments, hours, strict=True)]
    values = [
        moment.replace(tzinfo=UTC, microsecond=500_000) - dt.timedelta(hours=hour, minutes=30 if hour >= 0 else -30)
        for moment, hour in zip(moments, hours, strict=True)
    ]
    return Column(f"{name} hh:mm+hh:mm", texts, values)


def truths(random: Random, rows: int) -> Column:
    name = random.choice(TRUTHS)
    words = name.split("/")
    values = [random.random() < 0.5 for _ in range(rows)]
    values[:2] = [True, False]
    cases: list[Callable[[str], str]] = [
        str.lower,
        str.upper,
        str.title,
        lambda word: random.choice([word, word.upper()]),
    ]
    case = random.choice(cases)
    return Column(name, [case(words[0] if value else words[1]) for value in values], values, truths=True)


def random_table(random: Random) -> Table:
    """Return a table of one country: one way to write numbers, and at least one number with a fraction."""
    rows = random.randint(24, 60)
    locale = random.choice(list(LOCALES))
    made = [numbers(random, rows, locale, scale=2), *(_any(random, rows, locale) for _ in range(random.randint(1, 5)))]
    columns = {f"c{place}": _with_gaps(random, column) for place, column in enumerate(made)}
    labels = ["rare" if row % 5 == 0 else "usual" for row in range(rows)]
    ids = [f"k{row}" for row in range(rows)]
    text = io.StringIO(newline="")
    writer = csv.writer(
        text,
        delimiter=random.choice(",;\t|"),
        lineterminator=random.choice(["\n", "\r\n"]),
        quoting=random.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    )
    writer.writerow(["id", *columns, "label"])
    writer.writerows(zip(ids, *(column.texts for column in columns.values()), labels, strict=True))
    return Table(columns, text.getvalue())


def _any(random: Random, rows: int, locale: str) -> Column:
    some_numbers = partial(numbers, locale=locale)
    makes: list[Callable[[Random, int], Column]] = [some_numbers, some_numbers, dates, truths]
    return random.choice(makes)(random, rows)


def _with_gaps(random: Random, column: Column) -> Column:
    """Return the column with some missing cells, in some cases, and blanks around others."""
    if random.random() < 0.5:
        return column
    gone = {row for row in range(2, len(column.texts)) if random.random() < 0.1}
    texts = ["" if row in gone else f"{text} " if row % 9 == 5 else text for row, text in enumerate(column.texts)]
    values = [None if row in gone else value for row, value in enumerate(column.values)]
    return Column(column.notation, texts, values, column.truths)


def silent_mistakes(table: Table, folder: Path) -> list[str]:
    """Read a table as it is and with its notations declared; return what is wrong and not said."""
    found = []
    for declared in (False, True):
        notations = {name: column.notation for name, column in table.columns.items()} if declared else {}
        try:
            reading = ingest_text(folder / str(declared), table.text, notations=notations)
        except CounterpoiseError as error:
            if declared:  # what was written in a notation can be read in it
                found.append(f"refused: {error}")
            continue
        found += [
            f"{name} ({column.notation}, {'declared' if declared else 'as it is'}): {wrong}"
            for name, column in table.columns.items()
            if (wrong := _wrong(reading, name, column, declared=declared))
        ]
    return found


def _wrong(reading: Reading, name: str, column: Column, *, declared: bool) -> str:
    said = {unread.name for unread in reading.snapshot.unread}
    kind, read = reading.types[name], reading.column(name)
    if kind != "string":
        pairs = zip(read, column.values, column.texts, strict=True)
        differ = next(((one, text) for one, right, text in pairs if not _equal(one, right)), None)
        return f"{differ[1]!r} is read as {differ[0]!r}" if differ and name not in said else ""
    if declared:
        return "is still text"
    if read != [text or None for text in column.texts]:
        return "texts were changed"
    return "" if name in said or column.truths else "is text, and nothing says so"


def _equal(read: Any, right: Any) -> bool:
    if read is None or right is None or isinstance(right, bool | dt.date):
        return bool(read == right)
    return bool(Decimal(repr(read) if isinstance(read, float) else str(read)) == right)
