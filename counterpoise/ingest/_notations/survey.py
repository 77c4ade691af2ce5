"""Look through columns that stay text: in which notations can all their values be read?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from counterpoise.ingest._notations.notation import Family, Notation, stripped
from counterpoise.ingest._notations.registry import FAMILIES
from counterpoise.ingest._notations.typed import TextFacts

_SAMPLE = 2_000
_MOSTLY = 0.9
_FEW = 50_000  # texts that are kept


@dataclass(frozen=True)
class TextColumn:
    """A column of texts that can be read several times.

    Attributes:
        chunks: Returns its chunks from the beginning.
        some: Returns some of them, of several places.
    """

    chunks: Callable[[], Iterable[pa.Array]]
    some: Callable[[], Iterable[pa.Array]]

    def texts(self) -> Iterator[pa.Array]:
        """Yield its texts without missing ones."""
        for chunk in self.chunks():
            yield chunk.drop_null().cast(pa.string())

    def distinct(self) -> Iterable[tuple[pa.Array, pa.Array]]:
        """Return distinct texts of parts without missing ones, in order of appearance, and how often each occurs."""
        return self._few or self._counted()

    @cached_property
    def _few(self) -> tuple[tuple[pa.Array, pa.Array], ...]:
        """All distinct texts of parts if they are few; none otherwise."""
        found, texts = [], 0
        for part in self._counted():
            found.append(part)
            texts += len(part[0])
            if texts > _FEW:
                return ()
        return tuple(found)

    def _counted(self) -> Iterator[tuple[pa.Array, pa.Array]]:
        for texts in self.texts():
            counted = pc.value_counts(texts)
            yield counted.field("values"), counted.field("counts")

    def sample(self) -> list[str]:
        """Return texts of several places without surrounding blanks."""
        found: list[str] = []
        for chunk in self.some():
            texts = chunk.drop_null()
            step = max(1, len(texts) // _SAMPLE)
            found += stripped(
                texts.take(pa.array(range(0, len(texts), step), pa.int64())).cast(pa.string())
            ).to_pylist()
        return found


@dataclass(frozen=True)
class Survey:
    """What the texts of a column look like.

    Attributes:
        family: The values that they look like.
        present: The number of texts.
        alike: How many of them look like such values, in whatever notation.
        notations: The notations that read all texts, each with another result; none if there is no such notation.
        evidence: Why the only one of the notations is right.
        doubt: Why the texts may be codes all the same; empty if nothing speaks for that.
        odd: A text that does not look like such a value, or that the best notation cannot read; empty if there is none.
    """

    family: Family
    present: int
    alike: int
    notations: tuple[Notation, ...] = ()
    evidence: str = ""
    doubt: str = ""
    odd: str = ""

    @property
    def certain(self) -> bool:
        """Whether one notation is right beyond doubt."""
        return len(self.notations) == 1 and not self.doubt


def survey_column(column: TextColumn, *, readable: bool = False) -> Survey | None:
    """Return what a column of texts looks like; None if most of its values are just texts.

    Args:
        column: The column.
        readable: Whether only a column that a notation reads is of interest; the others are then not counted.
    """
    sample = column.sample()
    for family in FAMILIES if sample else ():
        looks = pc.sum(family.alike(pa.array(sample, pa.string()))).as_py() or 0
        if looks > len(sample) / 2:
            texts = pa.array(sample, pa.string())
            once = pa.repeat(pa.scalar(1, pa.int64()), len(texts))
            candidates = [_Trial.of(each, [(texts, once)]) for each in family.candidates(sample)]
            if readable and all(trial.misfit for trial in candidates):
                return None
            found = _survey(family, sample, candidates, column)
            if found.alike >= _MOSTLY * found.present:
                return found
    return None


@dataclass
class _Trial:
    """How a notation reads texts: how many, the first one that it cannot read, and the facts of the others."""

    notation: Notation
    read: int = 0
    misfit: str = ""
    facts: TextFacts = field(default_factory=TextFacts)

    @classmethod
    def of(cls, notation: Notation, parts: Iterable[tuple[pa.Array, pa.Array]]) -> _Trial:
        """Return the trial with texts and how often each occurs."""
        trial = cls(notation)
        for texts, counts in parts:
            plain = notation.read(texts)
            trial.read += _total(counts.filter(plain.is_valid()))
            trial.facts += TextFacts.of(plain, notation.kind)
            if not trial.misfit and plain.null_count:
                trial.misfit = str(texts.filter(plain.is_null())[0].as_py())
        return trial


def _survey(family: Family, sample: Sequence[str], trials: Sequence[_Trial], column: TextColumn) -> Survey:
    present, alike, odd = _count(family, column)
    failed = [trial for trial in trials if trial.misfit]
    whole: dict[str, Notation] = {}
    for trial in trials:
        if not trial.misfit and trial.notation.meaning not in whole:
            again = _Trial.of(trial.notation, column.distinct())
            if not again.misfit and again.facts.type_of(trial.notation.kind) is not None:
                whole[trial.notation.meaning] = trial.notation
            else:
                failed.append(again)
    found = _different(list(whole.values()), column)
    rivals = [trial for trial in failed if trial.notation.meaning not in whole and trial.read]
    misfit = max(rivals, key=lambda trial: trial.read).misfit if rivals else ""
    if not found:
        return Survey(family, present, alike, odd=odd or misfit)
    evidence = f"{misfit!r} can be nothing else" if misfit and len(found) == 1 else ""
    settled = family.settle(sample, found) if len(found) > 1 else None
    found, evidence = ((settled[0],), settled[1]) if settled else (found, evidence)
    return Survey(family, present, alike, found, evidence, family.doubt(sample))


def _different(notations: Sequence[Notation], column: TextColumn) -> tuple[Notation, ...]:
    """Return the notations that read some text differently from all earlier ones."""
    found: list[Notation] = []
    for notation in notations:
        if not any(_same(notation, earlier, column) for earlier in found):
            found.append(notation)
    return tuple(found)


def _same(one: Notation, other: Notation, column: TextColumn) -> bool:
    return one.kind == other.kind and all(one.read(texts).equals(other.read(texts)) for texts, _ in column.distinct())


def _count(family: Family, column: TextColumn) -> tuple[int, int, str]:
    """Return the number of texts, how many look like values of a family, and the first that does not."""
    present = alike = 0
    odd = ""
    for texts, counts in column.distinct():
        looks = family.alike(stripped(texts))
        present += _total(counts)
        alike += _total(counts.filter(looks))
        if not odd and pc.all(looks).as_py() is False:
            odd = str(texts.filter(pc.invert(looks))[0].as_py())
    return present, alike, odd


def _total(counts: pa.Array) -> int:
    return int(pc.sum(counts).as_py() or 0)
