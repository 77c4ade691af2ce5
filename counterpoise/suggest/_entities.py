"""Find the columns that name what rows belong to, such as patients: by their values, not only by their names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from counterpoise.config import SplitConfig
from counterpoise.records import Snapshot
from counterpoise.suggest._profile import ColumnSummary
from counterpoise.table import SnapshotReader, is_named_like_an_id, plain_values
from counterpoise.typing import Ints

_NAMED = re.compile(
    r"(?:^|_)(?:nbr|no|num|number|key|patient|subject|participant|person|customer|client|user|member|player|driver"
    r"|account|household|machine|device|session|vin|imei|ssn)$"
)
_FEWEST_VALUES = 20
_FEWEST_NAMED_VALUES = 10
_LARGEST = 0.1  # the share of rows of one value; more is a usual category
_LARGEST_NAMED = 0.3
_REPEATED = 0.05  # the share of rows whose value occurs again; fewer are doubled rows
_EVENNESS = 0.05
_UNIFORM = 0.35
_SAME = 0.97
_BESIDE = 0.5
_ALIKE = 0.05
_FEWEST_DIFFERENT = 10
_MOST_ROWS = 50_000
_MOST_COLUMNS = 300
_MOST_KEYS = 12
_BINS = 8
_SHOWN = 4


@dataclass(frozen=True)
class Entity:
    """A column that names what rows belong to.

    Attributes:
        name: The column.
        sizes: The number of rows of each value.
        same: Columns that have one value in all rows of an entity; the label may be among them.
    """

    name: str
    sizes: Ints
    same: tuple[str, ...] = ()

    def apart(self, split: SplitConfig) -> int:
        """Return how many rows would be apart from another row of their entity if each row were drawn on its own.

        >>> Entity("patient", np.array([1, 2])).apart(SplitConfig(test_size=0.25, validation_size=0.25))
        1

        Args:
            split: The shares of the partitions.
        """
        shares = (1 - split.test_size - split.validation_size, split.validation_size, split.test_size)
        sizes, times = np.unique(self.sizes, return_counts=True)
        together = sum(np.power(share, sizes.astype(float)) for share in shares)
        return round(float((times * sizes * (1 - together)).sum()))

    def note(self, target: str, split: SplitConfig) -> str:
        """Return the evidence and the consequence as sentence parts.

        Args:
            target: The label column.
            split: The shares of the partitions.
        """
        shown = [f"label {target!r}" if name == target else repr(name) for name in self.same[:_SHOWN]]
        more = [f"{len(self.same) - _SHOWN} more columns"] if len(self.same) > _SHOWN else []
        same = f", and all rows of one value have the same {', '.join([*shown, *more])}" if shown else ""
        apart = f"split by rows, about {self.apart(split):,} rows would be apart from others of their value"
        return f"{len(self.sizes):,} values for {self.sizes.sum():,} rows{same}; {apart}"


def entity_of(snapshot: Snapshot, name: str) -> Entity:
    """Return a column as one that names entities, without evidence."""
    counts = pc.value_counts(plain_values(SnapshotReader(snapshot).read_columns([name]).column(0)).drop_null())
    return Entity(name, np.asarray(counts.field("counts").to_numpy(), dtype=np.int64))


def find_entities(snapshot: Snapshot, target: str, profiles: Sequence[ColumnSummary]) -> tuple[Entity, ...]:
    """Return the columns that name entities, the most convincing first.

    Such a column has many values, evenly used, several rows each, and rows of one value have the same label, or the
    same values of at least two other columns, but those of neighbouring values do not: so a quantity, which resembles
    its neighbours, is none. If its name suggests an identifier, one such column is enough, or rows that are more alike
    than others. Its rows are judged as a whole, whatever their order; of a large table a part of the entities.

    Args:
        snapshot: The data.
        target: The label column.
        profiles: The columns that may name entities.
    """
    reader = SnapshotReader(snapshot)
    keys = [key for profile in profiles if (key := _key(profile, reader)) is not None]
    keys = sorted(keys, key=lambda key: not key.named)[:_MOST_KEYS]
    if not keys:
        return ()
    others = [name for name in reader.schema.names if name != target]
    step = -(-len(others) // _MOST_COLUMNS)
    for name in (target, *others[::step]):
        column = reader.read_columns([name]).column(0)
        if not pa.types.is_nested(column.type):
            for key in keys:
                key.compare(name, plain_values(column))
    found = [key for key in keys if key.names_entities(target)]
    best = sorted(found, key=lambda key: (-len(key.same), not key.named))
    return tuple(Entity(key.name, key.sizes, tuple(key.same)) for key in best)


@dataclass
class _Key:
    """A column that may name entities, the rows that are judged, and what was found in other columns.

    Attributes:
        name: The column.
        named: Whether its name suggests an identifier.
        ordered: Whether values have an order of their own, as numbers do.
        sizes: The number of rows of each value.
        rows: The judged rows.
        codes: The value of each judged row, in order from 0.
        same: Columns with one value in all rows of an entity.
        differ: Columns that have others.
        likeness: How much more alike rows of one value are than those of neighbouring ones, for each of `differ`.
    """

    name: str
    named: bool
    ordered: bool
    sizes: Ints
    rows: Ints
    codes: Ints
    same: list[str] = field(default_factory=list)
    differ: list[str] = field(default_factory=list)
    likeness: list[float] = field(default_factory=list)

    def compare(self, name: str, column: pa.ChunkedArray) -> None:
        """Judge whether rows of one value are alike in another column."""
        if name == self.name:
            return
        values = column.take(pa.array(self.rows))
        within, beside, telling = _agreement(self.codes, _coded(values), ordered=self.ordered)
        if not telling:
            return
        if within >= _SAME and beside <= _BESIDE:
            self.same.append(name)
            return
        self.differ.append(name)
        if self.named:
            within, beside, _ = _agreement(self.codes, _binned(values), ordered=self.ordered)
            self.likeness.append(within - max(beside, 0))

    def names_entities(self, target: str) -> bool:
        """Return whether it names entities; rows that are equal throughout are doubled rows."""
        if not self.differ:
            return False
        alike = self.named and len(self.likeness) > 1 and float(np.mean(self.likeness)) >= _ALIKE
        return target in self.same or len(self.same) >= (1 if self.named else 2) or alike


def _key(profile: ColumnSummary, reader: SnapshotReader) -> _Key | None:
    """Return a column as a key if its values can name entities: many, of several rows each, none usual."""
    named = is_named_like_an_id(profile.name) or _NAMED.search(profile.name.lower().replace(" ", "_")) is not None
    fewest = _FEWEST_NAMED_VALUES if named else _FEWEST_VALUES
    if not (profile.is_text or profile.is_number) or not fewest <= profile.distinct < profile.present:
        return None
    values, present = _values(plain_values(reader.read_columns([profile.name]).column(0)))
    if values is None:
        return None
    distinct, codes = np.unique(values, return_inverse=True)
    sizes = np.bincount(codes)
    usual = sizes.max() > (_LARGEST_NAMED if named else _LARGEST) * len(codes)
    repeated = sizes[sizes > 1].sum() >= max(_REPEATED * profile.rows, _FEWEST_DIFFERENT)
    even = len(codes) ** 2 / float((sizes.astype(float) ** 2).sum()) >= _EVENNESS * len(sizes)
    if usual or not repeated or not even or not (named or profile.is_text or _is_spread(distinct)):
        return None
    last = max(2, int(np.searchsorted(np.cumsum(sizes), _MOST_ROWS, "right")))
    judged = codes < last
    rows = np.flatnonzero(present)[judged]
    return _Key(profile.name, named, profile.is_number, sizes, rows, codes[judged])


def _values(column: pa.ChunkedArray) -> tuple[npt.NDArray[np.generic] | None, npt.NDArray[np.bool_]]:
    """Return the present values of a text or whole number and which rows have one; none of a broken number."""
    present = np.asarray(column.is_valid().to_numpy())
    held = column.drop_null()
    if pa.types.is_floating(column.type) and not pc.all(pc.equal(held, pc.floor(held))).as_py():
        return None, present
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        return held.to_numpy(), present
    encoded = held.combine_chunks().dictionary_encode()
    ranks = pc.rank(encoded.dictionary, tiebreaker="dense").to_numpy()
    return ranks[encoded.indices.to_numpy()], present


def _is_spread(distinct: npt.NDArray[np.generic]) -> bool:
    """Return whether numbers are spread evenly over their range, as numbers of entities are and quantities are not."""
    values = distinct.astype(float)
    places = (values - values[0] + 1) / (values[-1] - values[0] + 1)
    return bool(np.abs(places - np.arange(1, len(values) + 1) / len(values)).max() <= _UNIFORM)


def _coded(values: pa.ChunkedArray) -> Ints:
    encoded = values.combine_chunks().dictionary_encode(null_encoding="encode")
    return np.asarray(encoded.indices.to_numpy(), dtype=np.int64)


def _binned(values: pa.ChunkedArray) -> Ints:
    """Return the eighth of the values that each number is in; other values by themselves."""
    if not (pa.types.is_integer(values.type) or pa.types.is_floating(values.type)):
        return _coded(values)
    numbers = values.cast(pa.float64(), safe=False).to_numpy()
    edges = np.nanquantile(numbers, np.arange(1, _BINS) / _BINS)
    return np.where(np.isnan(numbers), _BINS, np.searchsorted(edges, numbers)).astype(np.int64)


def _agreement(codes: Ints, values: Ints, *, ordered: bool) -> tuple[float, float, bool]:
    """Return how often two rows of one entity agree, and two of neighbouring ones, and whether that means anything.

    Both are Cohen's kappa: 0 is the agreement of any two rows, 1 is that of all. It means something if chance alone
    would make several rows of an entity differ.

    Args:
        codes: The entity of each row, from 0.
        values: The value of each row, from 0.
        ordered: Whether entities have neighbours.
    """
    width = int(values.max()) + 1
    pairs, rows = np.unique(codes * width + values, return_counts=True)
    entity = pairs // width
    sizes = np.bincount(codes)
    several = sizes > 1
    chance = float(((np.bincount(values) / len(values)) ** 2).sum())
    telling = sizes[several].sum() / 2 * (1 - chance) >= _FEWEST_DIFFERENT
    if not telling or not several.any():
        return 0.0, 0.0, False
    inside = several[entity]
    agreed = (rows[inside] * (rows[inside] - 1) / (sizes[entity[inside]] - 1)).sum() / sizes[several].sum()
    place = np.minimum(np.searchsorted(pairs, pairs + width), len(pairs) - 1)
    there = np.where(pairs[place] == pairs + width, rows[place], 0)
    near = (rows * there / sizes[np.minimum(entity + 1, len(sizes) - 1)]).sum() / sizes[:-1].sum() if ordered else 0.0
    return (float(agreed) - chance) / (1 - chance), (float(near) - chance) / (1 - chance), bool(telling)
