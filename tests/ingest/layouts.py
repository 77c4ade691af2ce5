"""Tables as other programs write them, each with the rows that it holds."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Row = tuple[Any, ...]

NAMES = ("word", "x", "n", "label")
WORDS = {
    "ascii": ["north", "south", "a b", "it's"],
    "western": ["café", "Straße", "señor", "ålø"],
    "typographic": ["\u2018old\u2019", "5 €", "a – b", "“new”"],
    "polish": ["żółty", "książka", "łódź", "świat"],
    "russian": ["Москва", "привет", "улица", "город"],
    "japanese": ["東京", "大阪", "データ", "ひらがな"],
    "chinese": ["北京", "上海", "数据", "城市"],
    "korean": ["서울", "부산", "데이터", "도시"],
    "quoted": ['says "so"', "a, b", "c; d", "e|f"],
}


def rows(words: str = "ascii", count: int = 40) -> list[Row]:
    """Return rows with different values in every column but the label."""
    found = WORDS[words]
    return [
        (f"{found[n % len(found)]}{n}", (n * 37 % 101) / 8 - 5, n * 3 - 20, "yes" if n % 3 == 0 else "no")
        for n in range(count)
    ]


def joined(
    table: Sequence[Row],
    delimiter: str = ",",
    *,
    header: bool = True,
    quote: Callable[[str], str] = str,
    end: str = "\n",
) -> str:
    lines = [delimiter.join(NAMES)] if header else []
    lines += [delimiter.join([quote(word), str(x), str(n), label]) for word, x, n, label in table]
    return end.join(lines) + end


def doubled(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def with_backslashes(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def protected(text: str) -> str:
    for character in ("\\", ",", '"'):
        text = text.replace(character, "\\" + character)
    return text


def aligned(table: Sequence[Row], *, header: bool = True, last: str = "  ") -> str:
    lines = [f"{'word':<14}{'x':>9}  {'n':>6}{last}label"] if header else []
    lines += [f"{word:<14}{x:9.3f}  {n:6d}{last}{label}" for word, x, n, label in table]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Case:
    """A file, its options and its rows; columns are named unless the file has no header."""

    name: str
    content: bytes
    table: Sequence[Row]
    options: dict[str, Any] = field(default_factory=dict)
    file: str = "table.csv"
    names: Sequence[str] = NAMES

    def write(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / self.file
        path.write_bytes(self.content)
        return path

    @property
    def target(self) -> str:
        return self.names[3]

    def columns(self) -> dict[str, list[Any]]:
        return dict(zip(self.names, map(list, zip(*self.table, strict=True)), strict=True))


UNNAMED = tuple(f"column_{number}" for number in range(4))


def encodings() -> Iterator[Case]:
    """Yield texts that prove their encoding, and texts whose encoding is declared."""
    for name in ("utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"):
        for words in ("western", "chinese"):
            yield Case(f"{name} {words}", joined(rows(words)).encode(name), rows(words))
    marked = b"\xfe\xff" + joined(rows("russian")).encode("utf-16-be")
    yield Case("utf-16 big-endian with a mark", marked, rows("russian"))
    unmarked = joined(rows("russian")).encode("utf-16-be")
    yield Case("utf-16 big-endian declared as utf-16", unmarked, rows("russian"), {"encoding": "utf-16"})
    for name, words in (
        ("cp1252", "typographic"), ("latin-1", "western"), ("iso8859-15", "western"), ("mac-roman", "western"),
        ("cp850", "western"), ("cp1250", "polish"), ("iso8859-2", "polish"), ("koi8-r", "russian"),
        ("cp866", "russian"), ("cp1251", "russian"), ("shift_jis", "japanese"), ("euc_jp", "japanese"),
        ("iso2022_jp", "japanese"), ("gb18030", "chinese"), ("hz", "chinese"), ("euc_kr", "korean"),
        ("utf-7", "western"), ("cp037", "western"), ("UTF8", "korean"), ("utf_8_sig", "western"),
    ):  # fmt: skip
        yield Case(f"declared {name}", joined(rows(words)).encode(name), rows(words), {"encoding": name})
    nel = joined(rows("western")).encode("cp037").replace(b"\x25", b"\x15")
    yield Case("EBCDIC with NEL", nel, rows("western"), {"encoding": "cp037"})
    packed = gzip.compress(joined(rows("polish"), ";").encode("cp1250"), mtime=0)
    yield Case("compressed cp1250", packed, rows("polish"), {"encoding": "cp1250"}, "table.csv.gz")
    lines = "".join(json.dumps(dict(zip(NAMES, row, strict=True)), ensure_ascii=False) + "\n" for row in rows("polish"))
    yield Case("JSON lines in utf-16", lines.encode("utf-16"), rows("polish"), {}, "table.jsonl")
    excel = "\ufeff" + joined(rows("western"), "\t", end="\r\n")
    yield Case("Excel's Unicode text", excel.encode("utf-16-le"), rows("western"), {}, "table.txt")


def preambles() -> Iterator[Case]:
    """Yield tables with other lines above the header."""
    for sep in ("sep=;\n", '"sep=;"\r\n', "SEP=;\n", "\ufeffsep=;\n"):
        yield Case(repr(sep), (sep + joined(rows("western"), ";")).encode(), rows("western"))
    yield Case("sep=, and quotes", ("sep=,\n" + joined(rows("quoted"), quote=doubled)).encode(), rows("quoted"))
    tabs = ("sep=\t\n" + joined(rows(), "\t")).encode("utf-16")
    yield Case("sep=tab in utf-16", tabs, rows())
    for name, above in {
        "a comment": "# made by a program\n",
        "comments with delimiters": "# made, by, a, program\n# on, 2024-01-01\n",
        "comments of two slashes": "// made by a program\n//\n",
        "a comment with an open quote": '# "made by a program\n',
        "a title": "Sales of 2024\n",
        "a title and a blank line": "Sales of 2024\n\n",
        "a title with commas": "Sales, north and south, 2024\n\nAll figures in EUR, rounded\n",
        "a title of a spreadsheet": "Sales of 2024,,,\n,,,\n",
        "a title in quotes": '"Sales of 2024"\n"made by, a program"\n',
        "titles and comments": "# made by a program\nSales of 2024\n",
    }.items():
        yield Case(name, (above + joined(rows())).encode(), rows())
    spaceless = [(word.replace(" ", "_"), x, n, label) for word, x, n, label in rows()]
    yield Case("a header in a comment", ("# " + joined(spaceless, " ")).encode(), spaceless)
    yield Case(
        "comments above rows", ("# by a program\n" + joined(rows(), header=False)).encode(), rows(), {}, names=UNNAMED
    )
    yield Case("a declared header below a title", ("Sales\n" + joined(rows(), ";")).encode(), rows(), {"header": "yes"})


def headers() -> Iterator[Case]:
    """Yield tables whose header could pass for a row."""
    body = joined(rows(), header=False)
    yield Case(
        "names of numbers beside the label",
        ("2019,2020,2021,label\n" + body).encode(),
        rows(),
        {},
        names=("2019", "2020", "2021", "label"),
    )
    yield Case("numbered columns", ("0,1,2,3\n" + body).encode(), rows(), {}, names=("0", "1", "2", "3"))
    years = "\n".join(["2019;2020;2021;2022", *(f"{n};{n * 2};{n * 7 % 5};{n % 2}" for n in range(40))]) + "\n"
    table = [(n, n * 2, n * 7 % 5, n % 2) for n in range(40)]
    yield Case("only years", years.encode(), table, {}, names=("2019", "2020", "2021", "2022"))
    yield Case("a header with a hash", ("#" + joined(rows())).encode(), rows(), {}, names=("#word", *NAMES[1:]))
    tags = [("#" + word.replace(" ", ""), x, n, label) for word, x, n, label in rows()]
    yield Case("rows of hashtags", joined(tags, header=False).encode(), tags, {}, names=UNNAMED)
    some = [(("#" if place < 5 else "") + word, x, n, label) for place, (word, x, n, label) in enumerate(rows())]
    yield Case("some hashtags first", joined(some, header=False).encode(), some, {}, names=UNNAMED)


def cells() -> Iterator[Case]:
    """Yield tables with escapes, long delimiters and aligned columns."""
    yield Case("quotes with backslashes", joined(rows("quoted"), quote=with_backslashes).encode(), rows("quoted"))
    yield Case("delimiters with backslashes", joined(rows("quoted"), quote=protected).encode(), rows("quoted"))
    paths = [(f"C:\\data\\{n}", x, n, label) for _, x, n, label in rows()]
    yield Case("paths are no escapes", joined(paths).encode(), paths)
    yield Case("quoted paths are no escapes", joined(paths, quote=doubled).encode(), paths)
    both = [(f'\\ "{n}"', x, n, label) for _, x, n, label in rows()]
    yield Case("backslashes and quotes", joined(both, quote=with_backslashes).encode(), both)
    declared = [(f"C:\\{n}", x, n, label) for _, x, n, label in rows()]
    yield Case("a declared escape", joined(declared, quote=protected).encode(), declared, {"escape": "\\"})
    many = [(f"a\nb {n}", x, n, label) for _, x, n, label in rows()]
    yield Case("escaped newlines", joined(many, quote=with_backslashes).encode(), many, {"escape": "\\"})
    for delimiter in (
        "||",
        "::",
        " | ",
        "~|~",
        "|~|",
        "<>",
        "@@",
        "##",
        ";;",
        "\t|\t",
        "&&",
        "%%",
        "§",
        "\x01",
        "\x1f",
    ):
        yield Case(f"delimiter {delimiter!r}", joined(rows("western"), delimiter).encode(), rows("western"))
        bare = joined(rows(), delimiter, header=False)
        yield Case(f"delimiter {delimiter!r} without a header", bare.encode(), rows(), {}, names=UNNAMED)
    quoted = joined(rows("quoted"), "||", quote=doubled)
    yield Case("a long delimiter and quotes", quoted.encode(), rows("quoted"))
    yield Case("a declared long delimiter", joined(rows(), "<-sep->").encode(), rows(), {"delimiter": "<-sep->"})
    spaceless = [(word.replace(" ", "_"), x, n, label) for word, x, n, label in rows()]
    yield Case("aligned by blanks", aligned(spaceless).encode(), spaceless)
    yield Case("aligned without a header", aligned(spaceless, header=False).encode(), spaceless, {}, "t.data", UNNAMED)
    yield Case("aligned by blanks and a tab", aligned(spaceless, last="\t").encode(), spaceless)
    named = [(f'"{word} {n}"', x, n, label) for word, x, n, label in spaceless]
    whole = [(word.strip('"'), x, n, label) for word, x, n, label in named]
    yield Case("aligned with quoted blanks", aligned(named).encode(), whole)
    indented = "".join("   " + line for line in aligned(spaceless).splitlines(keepends=True))
    yield Case("aligned and indented", indented.encode(), spaceless)
    yield Case("aligned as declared", aligned(spaceless).encode(), spaceless, {"delimiter": "blanks"})
    commas = aligned(spaceless).replace(".", ",")
    text = [(word, f"{x:.3f}".replace(".", ","), n, label) for word, x, n, label in spaceless]
    yield Case("aligned with decimal commas", commas.encode(), text)
    tabbed = [(f"two  words {n}", x, n, label) for _, x, n, label in rows()]
    yield Case("blanks in fields between tabs", joined(tabbed, "\t").encode(), tabbed)


CASES = [*encodings(), *preambles(), *headers(), *cells()]
