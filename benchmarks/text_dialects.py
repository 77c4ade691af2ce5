"""Tables in many dialects and encodings: they read back to the same values, or are refused by name.

Run `python benchmarks/text_dialects.py [--tables 2000] [--readings]`. Hypothesis draws a table (names, texts with
quotes, delimiters, blanks, backslashes and newlines, numbers, missing cells), a dialect (delimiter, quoting, escapes,
header, lines above it, line ends) and one of 12 encodings, with or without the settings that name them. A table that is
read with other names or values, and no error, is a silent difference.

`--readings` measures instead how often the first and any of the readings that an error shows are right, for words of 14
languages in the encodings that they are written in.

Prints the number of tables by what happened to them.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from counterpoise.config import SourceConfig
from counterpoise.errors import CounterpoiseError
from counterpoise.ingest import ingest_source
from counterpoise.ingest._text.readings import readings

ALPHABETS = {
    "utf-8": "aéßżж東한🙂", "utf-8-sig": "aéßżж東한🙂", "utf-16": "aéßżж東한🙂", "utf-16-le": "aéßżж東한",
    "utf-16-be": "aéßżж東한", "utf-32": "aéßżж東한🙂", "cp1252": "aéßñ€–", "cp1250": "ażłéß", "koi8-r": "aжщя",
    "shift_jis": "a東タ", "gb18030": "a东ж", "euc_kr": "a한국",
}  # fmt: skip
"""Characters beyond ASCII of each encoding."""

PROVED = frozenset({"utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"})
DELIMITERS = (",", ";", "\t", "|", ", ", "||", "::", " | ", "~|~", "^", "\x01", "blanks")
ABOVE = ("", "sep", "# by a program\n", "# a, b; c\n# d\n", "Sales of 2024\n", "Sales of 2024\n\n", "// by\n")
WORDS = {
    "cp1252": "café hôtel élève naïve garçon français Straße Grün Müller schön señor mañana corazón",
    "latin-1": "café hôtel élève naïve garçon français Straße Grün Müller schön señor mañana corazón",
    "iso8859-15": "café hôtel élève œuvre garçon français Straße Grün Müller schön señor mañana",
    "mac-roman": "café hôtel élève naïve garçon français Straße Grün Müller schön señor mañana corazón",
    "cp850": "café hôtel élève naïve garçon français Straße Grün Müller schön señor mañana corazón",
    "cp1250": "żółty książka łódź świat dzień źródło příliš žluťoučký kůň",
    "iso8859-2": "żółty książka łódź świat dzień źródło příliš žluťoučký kůň",
    "cp852": "żółty książka łódź świat dzień źródło",
    "cp1251": "Москва привет улица город дом хлеб вода",
    "koi8-r": "Москва привет улица город дом хлеб вода",
    "cp866": "Москва привет улица город дом хлеб вода",
    "iso8859-5": "Москва привет улица город дом хлеб вода",
    "cp1253": "Αθήνα καλημέρα θάλασσα πόλη νερό ψωμί",
    "cp1254": "İstanbul güneş çiçek şehir ağaç köşe",
    "cp1255": "שלום ירושלים מים עיר",
    "cp1256": "مدينة ماء شمال جنوب بيت",
    "shift_jis": "東京 大阪 名古屋 ひらがな カタカナ 北海道 データ",
    "euc_jp": "東京 大阪 名古屋 ひらがな カタカナ 北海道 データ",
    "gb18030": "北京 上海 广州 数据 城市 中国 河流",
    "big5": "臺北 高雄 資料 城市 中國 河流",
    "euc_kr": "서울 부산 데이터 도시 한국",
}
"""Words in the languages that an encoding is used for."""


@dataclass(frozen=True)
class Written:
    """A table as it was written: its bytes, the settings to read it, and its names and columns of texts."""

    content: bytes
    options: dict[str, str]
    target: str
    names: tuple[str, ...]
    columns: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Style:
    """How cells are written."""

    delimiter: str
    quoting: str
    escape: str

    def cell(self, text: str) -> str:
        """Return a cell as it is written."""
        special = any(mark in text for mark in ('"', "\n", "\r", self.delimiter.strip() or self.delimiter))
        special = special or bool(self.escape and "\\" in text)
        special = special or (self.delimiter in ("blanks", " ") and (" " in text or not text))
        if self.quoting == "minimal" and not special and not text.startswith((" ", "#", "/")):
            return text
        if self.escape:
            return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
        return '"' + text.replace('"', '""') + '"'

    def line(self, cells: list[str]) -> str:
        """Return a record."""
        if self.delimiter == "blanks":
            return "  ".join(f"{self.cell(cell):<12}" for cell in cells).rstrip()
        return self.delimiter.join(map(self.cell, cells))


@st.composite
def written_tables(draw: st.DrawFn) -> Written:
    """Draw a table in one of the dialects and encodings."""
    encoding = draw(st.sampled_from(sorted(ALPHABETS)))
    letters = ALPHABETS[encoding]
    style = Style(
        draw(st.sampled_from(DELIMITERS)), draw(st.sampled_from(("minimal", "all"))), draw(st.sampled_from(("", "\\")))
    )
    inner = st.text(st.sampled_from(letters + ' ",;|:\\-b' + ("" if style.delimiter == "blanks" else "\n")), max_size=6)
    texts = st.builds(
        lambda one, rest, last: one + rest + last, st.sampled_from(letters), inner, st.sampled_from(letters)
    )
    numbers = st.one_of(st.integers(-999, 99_999).map(str), st.floats(-1e6, 1e6).map(lambda x: repr(round(x, 3))))
    width, height = draw(st.integers(1, 3)), draw(st.integers(4, 12))
    columns = [tuple(draw(st.lists(st.one_of(st.just(""), draw(st.sampled_from((texts, numbers)))), min_size=height,
               max_size=height))) for _ in range(width)]  # fmt: skip
    label = tuple(draw(st.sampled_from(("yes", "no"))) for _ in range(height))
    header = draw(st.booleans())
    names = tuple(
        f"{draw(st.sampled_from(letters))}{n}" if draw(st.booleans()) else str(2019 + n) for n in range(width)
    )
    names = (*names, "label") if header else tuple(f"column_{n}" for n in range(width + 1))
    lines = [style.line(list(row)) for row in zip(*columns, label, strict=True)]
    lines = [style.line(list(names)), *lines] if header else lines
    above = draw(st.sampled_from(ABOVE)) if header else ""
    above = f"sep={style.delimiter}\n" if above == "sep" and len(style.delimiter) == 1 else above.replace("sep", "")
    end = draw(st.sampled_from(("\n", "\r\n")))
    text = above.replace("\n", end) + end.join(lines) + draw(st.sampled_from((end, "")))
    options = {"encoding": encoding} if encoding not in PROVED or draw(st.booleans()) else {}
    if draw(st.booleans()):
        options |= {"delimiter": style.delimiter, "escape": style.escape}
    target = names[-1] if header or draw(st.booleans()) else str(width)
    return Written(text.encode(encoding), options, target, names, (*columns, label))


def outcome(table: Written, folder: Path) -> str:
    """Return what reading a table gives: `same`, `rejected lines`, the reason of a refusal, `said`, or `SILENT`.

    `said` is a note that names the setting that reads the table.
    """
    path = folder / "table.csv"
    path.write_bytes(table.content)
    try:
        source = SourceConfig(path=str(path), **table.options)
        snapshot = ingest_source(source, target=table.target, folder=folder / "work")
    except CounterpoiseError as error:
        return error.reason
    if snapshot.rejected_lines:
        return "rejected lines"
    found = pq.read_table(snapshot.files[0].path)
    same = found.column_names == list(table.names) and all(
        len(column) == len(texts) and all(map(_same, column.to_pylist(), texts))
        for column, texts in zip(found.columns, table.columns, strict=True)
    )
    return (
        "same"
        if same
        else "said"
        if any(name in note for note in snapshot.notes for name in ("source.escape", "source.header"))
        else "SILENT"
    )


def _same(value: object, text: str) -> bool:
    if value is None:
        return not text.strip()
    return value == text if isinstance(value, str) else str(value) == text or float(text) == value


def count_outcomes(tables: int, number: int = 0) -> tuple[Counter[str], list[Written]]:
    """Return the number of tables by what happened to them, and those that were read wrong."""
    counts: Counter[str] = Counter()
    wrong: list[Written] = []

    @seed(number)
    @settings(max_examples=tables, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(written_tables())
    def read(table: Written) -> None:
        with tempfile.TemporaryDirectory() as folder:
            found = outcome(table, Path(folder))
        counts[found] += 1
        if found == "SILENT":
            wrong.append(table)

    read()
    return counts, wrong


def rate_readings(samples: int = 12) -> tuple[int, int, int]:
    """Return how many first readings are right, how many of those shown, and the number of samples."""
    rng = random.Random(0)  # noqa: S311  # samples of words, no secret
    first = shown = total = 0
    for encoding, words in WORDS.items():
        for size in [1, 3, 10, 100] * samples:
            chosen = [word for word in rng.choices(words.split(), k=size) if not word.isascii()]
            text = "\n".join(dict.fromkeys(chosen))
            data = text.encode(encoding, "ignore")
            right = [data.decode(each.encoding) == data.decode(encoding) for each in readings(data)]
            first, shown, total = first + right[:1].count(True), shown + any(right), total + 1
    return first, shown, total


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tables", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--readings", action="store_true")
    chosen = parser.parse_args()
    if chosen.readings:
        first, shown, total = rate_readings()
        print(f"first reading right {first / total:.1%}, among those shown {shown / total:.1%} of {total:,} samples")
        return
    counts, wrong = count_outcomes(chosen.tables, chosen.seed)
    for name, count in counts.most_common():
        print(f"{count:7,} {name}")
    for table in wrong[:5]:
        print(table)


if __name__ == "__main__":
    main()
