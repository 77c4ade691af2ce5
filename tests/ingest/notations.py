"""Columns of texts in many notations, each with the values that are right."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

D, T, UTC = dt.date, dt.datetime, dt.UTC
DAYS, DAY = (D(2024, 12, 31), D(2023, 2, 1)), "date32[day]"


@dataclass(frozen=True)
class Written:
    """A column as people write it.

    Attributes:
        name: The name of the column.
        notation: What `source.notations` declares for it.
        texts: Its cells.
        values: What they mean.
        type: The Arrow type that holds them exactly.
    """

    name: str
    notation: str
    texts: tuple[str, ...]
    values: tuple[Any, ...]
    type: str = "double"


CASES = (
    Written("decimal comma", "1234,56", ("148,41", "-0,5", "3", "12,50"), (148.41, -0.5, 3.0, 12.5)),
    Written("bare comma", "1234,56", (",5", "7,", "1,25"), (0.5, 7.0, 1.25)),
    Written("comma and exponent", "1234,56", ("1,5E+05", "2,25e-3"), (1.5e5, 2.25e-3)),
    Written("points group", "1.234,56", ("1.234,56", "12.345.678,9", "7"), (1234.56, 12345678.9, 7.0)),
    Written("points group wholes", "1.234,56", ("1.234", "999", "12.345.678"), (1234, 999, 12345678), "int64"),
    Written("commas group", "1,234.56", ("1,234.56", "12,345,678", "0.5"), (1234.56, 12345678.0, 0.5)),
    Written("commas group wholes", "1,234.56", ("1,234", "-999", "1,234,567"), (1234, -999, 1234567), "int64"),
    Written("blanks group", "1 234.56", ("1 234.5", "12 345 678", "9"), (1234.5, 12345678.0, 9.0)),
    Written("no-break blanks", "1 234,56", ("1\u00a0234,5", "12\u00a0345\u00a0678"), (1234.5, 12345678.0)),
    Written("narrow blanks", "1 234,56", ("1\u202f234,5", "9\u202f000"), (1234.5, 9000.0)),
    Written("thin blanks", "1 234.56", ("1\u2009234.5", "9\u2009000"), (1234.5, 9000.0)),
    Written("apostrophes", "1'234.56", ("1'234.50", "12'345'678"), (1234.5, 12345678.0)),
    Written("typographic apostrophes", "1'234.56", ("1\u2019234.5", "2\u2019000"), (1234.5, 2000.0)),
    Written("lakhs", "12,34,567.89", ("12,34,567.89", "1,00,000", "999"), (1234567.89, 100000.0, 999.0)),
    Written("dollars", "$1,234.56", ("$1,234.56", "-$5", "$-6.5", "$ 7"), (1234.56, -5.0, -6.5, 7.0)),
    Written("euros", "1.234,56 €", ("1.234,56 €", "5€", "-6,5 €"), (1234.56, 5.0, -6.5)),
    Written("pounds", "£1234.56", ("£5", "£6", "-£7"), (5, 6, -7), "int64"),
    Written("reais", "R$1.234,56", ("R$ 1.234,56", "R$5,10"), (1234.56, 5.1)),
    Written("francs", "CHF 1'234.56", ("CHF 1'234.50", "CHF 3.0"), (1234.5, 3.0)),
    Written("currency code behind", "1,234.56 USD", ("1,234.5 USD", "3 USD"), (1234.5, 3.0)),
    Written("percent", "1234.56%", ("5.5%", "100 %", "-3%"), (5.5, 100.0, -3.0)),
    Written("percent with comma", "1234,56%", ("5,5%", "100%"), (5.5, 100.0)),
    Written("kilograms", "1234.56 kg", ("5 kg", "6.25kg", "-1 kg"), (5.0, 6.25, -1.0)),
    Written("square metres", "1234.56 m²", ("50 m²", "61.5 m²"), (50.0, 61.5)),
    Written("degrees", "1234,56 °C", ("-3,5 °C", "21 °C"), (-3.5, 21.0)),
    Written("parentheses", "1,234.56", ("(1,234.50)", "7", "(2)"), (-1234.5, 7.0, -2.0)),
    Written("dollars in parentheses", "$1,234.56", ("($1,234.50)", "$7"), (-1234.5, 7.0)),
    Written("trailing minus", "1,234.56", ("1,234.50-", "7", "2 -"), (-1234.5, 7.0, -2.0)),
    Written("minus sign", "1234.56", ("\u22121.5", "7", "\u22122"), (-1.5, 7.0, -2.0)),
    Written("plus sign", "1234.56", ("+1.5", "-7", "0"), (1.5, -7.0, 0.0)),
    Written(
        "seventeen digits and more",
        "1.234,56",
        ("1.234.567.890.123.456,78", "0,10", "5"),
        (Decimal("1234567890123456.78"), Decimal("0.10"), Decimal("5.00")),
        "decimal128(18, 2)",
    ),
    Written(
        "beyond 64 bits", "1,234.56", ("12,345,678,901,234,567,890", "7"), (12345678901234567890, 7),
        "decimal128(20, 0)",
    ),
    Written("day first", "dd/mm/yyyy", ("31/12/2024", "1/2/2023"), DAYS, DAY),
    Written("month first", "mm/dd/yyyy", ("12/31/2024", "1/2/2023"), (D(2024, 12, 31), D(2023, 1, 2)), DAY),
    Written("points in dates", "dd.mm.yyyy", ("31.12.2024", "01.02.2023"), DAYS, DAY),
    Written("dashes, day first", "dd-mm-yyyy", ("31-12-2024", "01-02-2023"), DAYS, DAY),
    Written("year first", "yyyy/mm/dd", ("2024/12/31", "2023/2/1"), DAYS, DAY),
    Written("two digits", "dd.mm.yy", ("31.12.24", "01.02.70"), (D(2024, 12, 31), D(1970, 2, 1)), DAY),
    Written("names of months", "dd mmm yyyy", ("31 Dec 2024", "1-FEB-2023"), DAYS, DAY),
    Written("American dates", "mmm dd yyyy", ("December 31, 2024", "Feb 1 2023"), DAYS, DAY),
    Written("compact", "yyyymmdd", ("20241231", "20230201"), DAYS, DAY),
    Written(
        "date and time", "dd/mm/yyyy hh:mm", ("31/12/2024 23:59", "1/2/2023 00:00:07"),
        (T(2024, 12, 31, 23, 59), T(2023, 2, 1, 0, 0, 7)), "timestamp[us]",
    ),
    Written(
        "AM and PM", "mm/dd/yyyy hh:mm", ("12/31/2024 12:05 AM", "1/2/2023 1:00:05.5 pm"),
        (T(2024, 12, 31, 0, 5), T(2023, 1, 2, 13, 0, 5, 500000)), "timestamp[us]",
    ),
    Written(
        "offsets", "yyyy-mm-dd hh:mm+hh:mm",
        ("2024-12-31T10:00:00+02:00", "2024-06-01 10:00:00.25-0530", "2024-06-01T10:00Z"),
        (T(2024, 12, 31, 8, tzinfo=UTC), T(2024, 6, 1, 15, 30, 0, 250000, tzinfo=UTC), T(2024, 6, 1, 10, tzinfo=UTC)),
        "timestamp[us, tz=UTC]",
    ),
    Written(
        "time of day", "hh:mm", ("10:30", "23:59:59", "7:05"), (dt.time(10, 30), dt.time(23, 59, 59), dt.time(7, 5)),
        "time64[us]",
    ),
    Written("yes and no", "yes/no", ("Yes", "NO", "no "), (True, False, False), "bool"),
    Written("one letter", "y/n", ("Y", "n"), (True, False), "bool"),
    Written("true in any case", "true/false", ("True", "FALSE", "true"), (True, False, True), "bool"),
    Written("German", "ja/nein", ("ja", "Nein"), (True, False), "bool"),
    Written("words of one's own", "spam/ham", ("spam", "Ham"), (True, False), "bool"),
)  # fmt: skip

NANOSECONDS = Written(
    "nanoseconds", "yyyy-mm-dd hh:mm+hh:mm", ("2024-01-01T10:00:00.123456789+02:00", "2024-06-01T10:00:00.000000001Z"),
    (1704096000123456789, 1717236000000000001), "timestamp[ns, tz=UTC]",
)  # fmt: skip
"""The values are nanoseconds since 1970, because Python has none."""
