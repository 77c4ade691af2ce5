"""Twenty-five ways in which a feed breaks: pure functions from a good feed to a broken table or its bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pandas as pd

from .causes import Cause
from .tables import Feed, classes_of, is_number, levels_of, written

__all__ = ["ADDED", "BREAKAGES", "SENTINEL", "Breakage", "renamed"]

ADDED = "extra_code"
SENTINEL = "-999"

_EXTRA = Cause(columns=frozenset({ADDED}))
_ROWS = Cause(kinds=frozenset({"expect_table_row_count_to_be_between", "expect_table_growth_measure_to_be_between"}))
_REPEATS = Cause(kinds=_ROWS.kinds | {"expect_column_values_to_be_unique"})
_ENCODING = Cause(kinds=frozenset({"undeclared_encoding", "wrong_encoding"}))


@dataclass(frozen=True)
class Need:
    """What a feed must have to be broken in some way, and whether it has."""

    name: str
    is_met: Callable[[Feed], bool]


@dataclass(frozen=True)
class Breakage:
    """One way to break a feed.

    Attributes:
        title: What is wrong, in a few words.
        apply: Makes the broken table, or the bytes where no table could be that broken.
        cause: What must be named.
        needs: What a feed must have for it.
    """

    title: str
    apply: Callable[[Feed], pd.DataFrame | bytes]
    cause: Callable[[Feed], Cause] | Cause
    needs: Need | None = None

    def obstacle(self, feed: Feed) -> str:
        """Return why the feed cannot be broken so; empty where it can."""
        return f"no {self.needs.name}" if self.needs and not self.needs.is_met(feed) else ""

    def delivery(self, feed: Feed) -> bytes:
        """Return the broken feed as it is delivered."""
        broken = self.apply(feed)
        return broken if isinstance(broken, bytes) else written(broken)

    def cause_in(self, feed: Feed) -> Cause:
        """Return what must be named for this feed."""
        return self.cause if isinstance(self.cause, Cause) else self.cause(feed)


def renamed(name: str) -> str:
    """Return what a column is called after its renaming."""
    return f"{name}_v2"


def column_gone(feed: Feed) -> pd.DataFrame:
    """Leave a numeric column out."""
    return feed.rows.drop(columns=feed.numbers[0])


def column_renamed(feed: Feed) -> pd.DataFrame:
    """Give a numeric column another name."""
    return feed.rows.rename(columns={feed.numbers[0]: renamed(feed.numbers[0])})


def column_added(feed: Feed) -> pd.DataFrame:
    """Add a column of codes at the end."""
    return feed.rows.assign(**{ADDED: feed.random().integers(0, 10, len(feed.rows)).astype(str)})


def values_shifted(feed: Feed) -> pd.DataFrame:
    """Keep the header and move all values one column to the right, the last to the first."""
    names = list(feed.rows.columns)
    return feed.rows[[names[-1], *names[:-1]]].set_axis(names, axis="columns")


def columns_swapped(feed: Feed) -> pd.DataFrame:
    """Swap the values of two numeric columns."""
    first, second = feed.numbers[:2]
    return feed.rows.assign(**{first: feed.rows[second], second: feed.rows[first]})


def unit_changed(feed: Feed) -> pd.DataFrame:
    """Multiply a numeric column by 100."""
    return _recalculated(feed, lambda number: number * 100)


def sign_flipped(feed: Feed) -> pd.DataFrame:
    """Flip the sign of a numeric column."""
    return _recalculated(feed, lambda number: 0 - number)


def numbers_dressed(feed: Feed) -> pd.DataFrame:
    """Write a numeric column with a decimal comma, or with a currency sign where its numbers are whole."""
    return _with_numbers(feed, lambda text: text.replace(".", ",") if "." in text else f"${text}")


def column_stuck(feed: Feed) -> pd.DataFrame:
    """Put the middle value of a numeric column into every row."""
    present = sorted((text for text in feed.rows[feed.numbers[0]] if is_number(text)), key=Decimal)
    return feed.rows.assign(**{feed.numbers[0]: present[len(present) // 2]})


def values_missing(feed: Feed) -> pd.DataFrame:
    """Empty 30 % of a numeric column."""
    return _overwritten(feed, feed.numbers[0], "", feed.random().random(len(feed.rows)) < 0.3)


def sentinel_values(feed: Feed) -> pd.DataFrame:
    """Write -999 into 25 % of a numeric column."""
    return _overwritten(feed, feed.numbers[0], SENTINEL, feed.random().random(len(feed.rows)) < 0.25)


def values_zeroed(feed: Feed) -> pd.DataFrame:
    """Write 0 into half of a numeric column."""
    return _overwritten(feed, feed.numbers[0], "0", feed.random().random(len(feed.rows)) < 0.5)


def categories_respelt(feed: Feed) -> pd.DataFrame:
    """Write a third of the categories in capitals, or with an underscore behind where they are capitals already."""
    column = feed.rows[feed.category]
    respelt = {level: level.upper() if level.upper() != level else f"{level}_" for level in levels_of(column)}
    changed = column.where(feed.random().random(len(column)) >= 1 / 3, column.replace(respelt))
    return feed.rows.assign(**{feed.category: changed})


def categories_permuted(feed: Feed) -> pd.DataFrame:
    """Rename every category to the next rarer one, and the rarest to the most frequent."""
    levels = levels_of(feed.rows[feed.category])
    return _replaced(feed, feed.category, dict(zip(levels, [*levels[1:], levels[0]], strict=True)))


def one_category_only(feed: Feed) -> pd.DataFrame:
    """Deliver only the rows of the most frequent category."""
    return feed.rows[feed.rows[feed.category] == levels_of(feed.rows[feed.category])[0]]


def labels_swapped(feed: Feed) -> pd.DataFrame:
    """Swap the labels of the two largest classes."""
    first, second = classes_of(feed)[:2]
    return _replaced(feed, feed.target, {first: second, second: first})


def label_misspelt(feed: Feed) -> pd.DataFrame:
    """Double the last letter of the second largest class in a tenth of its rows."""
    name = classes_of(feed)[1]
    hit = (feed.rows[feed.target] == name).to_numpy(dtype=bool) & (feed.random().random(len(feed.rows)) < 0.1)
    return _overwritten(feed, feed.target, name + name[-1], hit)


def labels_shuffled(feed: Feed) -> pd.DataFrame:
    """Shuffle the labels against the rows."""
    return feed.rows.assign(**{feed.target: feed.random().permutation(feed.rows[feed.target].to_numpy(dtype=object))})


def class_gone(feed: Feed) -> pd.DataFrame:
    """Leave out the rows of the smallest class."""
    return feed.rows[feed.rows[feed.target] != classes_of(feed)[-1]]


def minority_tripled(feed: Feed) -> pd.DataFrame:
    """Deliver the rows of the smallest class three times."""
    rare = feed.rows[feed.rows[feed.target] == classes_of(feed)[-1]]
    return pd.concat([feed.rows, rare, rare])


def half_gone(feed: Feed) -> pd.DataFrame:
    """Leave out a random half of the rows."""
    return feed.rows[feed.random().permutation(len(feed.rows)) < len(feed.rows) // 2]


def delivered_twice(feed: Feed) -> pd.DataFrame:
    """Deliver all rows twice."""
    return pd.concat([feed.rows, feed.rows])


def other_encoding(feed: Feed) -> bytes:
    """Write the file in Latin-1."""
    return written(feed.rows).decode().encode("latin-1")


def header_missing(feed: Feed) -> bytes:
    """Leave the header line out."""
    return written(feed.rows).partition(b"\n")[2]


def cut_off(feed: Feed) -> bytes:
    """Cut the file off in the middle of the line at 40 % of its bytes."""
    whole = written(feed.rows)
    start = whole.rindex(b"\n", 0, int(len(whole) * 0.4)) + 1
    return whole[: (start + whole.index(b"\n", start)) // 2]


def _recalculated(feed: Feed, formula: Callable[[Decimal], Decimal]) -> pd.DataFrame:
    return _with_numbers(feed, lambda text: format(formula(Decimal(text.strip())), "f"))


def _with_numbers(feed: Feed, change: Callable[[str], str]) -> pd.DataFrame:
    """Return the rows with the numbers of the first numeric column changed; what is missing stays missing."""
    name = feed.numbers[0]
    return feed.rows.assign(**{name: [change(text) if is_number(text) else text for text in feed.rows[name]]})


def _overwritten(feed: Feed, name: str, text: str, hit: npt.NDArray[np.bool_]) -> pd.DataFrame:
    return feed.rows.assign(**{name: feed.rows[name].mask(hit, text)})


def _replaced(feed: Feed, name: str, texts: Mapping[str, str]) -> pd.DataFrame:
    return feed.rows.assign(**{name: [texts.get(text, text) for text in feed.rows[name]]})


def _number(feed: Feed) -> Cause:
    return Cause(columns=frozenset(feed.numbers[:1]))


def _new_name(feed: Feed) -> Cause:
    return Cause(columns=frozenset({feed.numbers[0], renamed(feed.numbers[0])}))


def _several_columns(feed: Feed) -> Cause:
    """Return what tells a shift from one broken column or two swapped ones."""
    return Cause(columns=frozenset(feed.rows.columns), at_least=3)


def _two_numbers(feed: Feed) -> Cause:
    return Cause(columns=frozenset(feed.numbers[:2]))


def _category(feed: Feed) -> Cause:
    return Cause(columns=frozenset({feed.category}))


def _label(feed: Feed) -> Cause:
    return Cause(columns=frozenset({feed.target}))


def _header(feed: Feed) -> Cause:
    return Cause(columns=frozenset({feed.target}), kinds=frozenset({"ambiguous_header", "header_mismatch"}))


_A_NUMBER = Need("numeric feature", lambda feed: bool(feed.numbers))
_TWO_NUMBERS = Need("second numeric feature", lambda feed: len(feed.numbers) > 1)
_A_CATEGORY = Need("text feature of 2 to 30 categories", lambda feed: bool(feed.category))
_A_LETTER = Need("text beyond ASCII", lambda feed: not written(feed.rows).isascii())

BREAKAGES: tuple[Breakage, ...] = (
    Breakage("column gone", column_gone, _number, _A_NUMBER),
    Breakage("column renamed", column_renamed, _new_name, _A_NUMBER),
    Breakage("column added", column_added, _EXTRA),
    Breakage("values shifted one column", values_shifted, _several_columns),
    Breakage("two columns swapped", columns_swapped, _two_numbers, _TWO_NUMBERS),
    Breakage("unit × 100", unit_changed, _number, _A_NUMBER),
    Breakage("sign flipped", sign_flipped, _number, _A_NUMBER),
    Breakage("decimal comma or currency sign", numbers_dressed, _number, _A_NUMBER),
    Breakage("column stuck at one value", column_stuck, _number, _A_NUMBER),
    Breakage("30 % missing", values_missing, _number, _A_NUMBER),
    Breakage("25 % sentinel -999", sentinel_values, _number, _A_NUMBER),
    Breakage("half zeros", values_zeroed, _number, _A_NUMBER),
    Breakage("categories respelt", categories_respelt, _category, _A_CATEGORY),
    Breakage("category codes permuted", categories_permuted, _category, _A_CATEGORY),
    Breakage("one category only", one_category_only, _category, _A_CATEGORY),
    Breakage("labels swapped", labels_swapped, _label),
    Breakage("label misspelt in a tenth", label_misspelt, _label),
    Breakage("labels shuffled", labels_shuffled, _label),
    Breakage("class gone", class_gone, _label),
    Breakage("minority three times", minority_tripled, _label),
    Breakage("half the rows gone", half_gone, _ROWS),
    Breakage("file twice", delivered_twice, _REPEATS),
    Breakage("Latin-1 instead of UTF-8", other_encoding, _ENCODING, _A_LETTER),
    Breakage("header missing", header_missing, _header),
    Breakage("cut off at 40 %", cut_off, _ROWS),
)
"""All of them, in the order of the report."""
