"""What becomes of damage to the files of a dataset: flips of bytes, and edits that are sealed again.

    python benchmarks/damaged_files.py [--flips 1000] [--edits 400] [--seed 0]

A dataset with every kind of file is made, each file is damaged so many times, and whoever reads it is asked. A flip
puts another byte in the place of one. An edit changes, removes, repeats or adds one value of the JSON and seals the
file again, as somebody does who knows how. Then the file must be refused, or contradict others; which edits are
neither, because only training again could prove them wrong, is counted by field.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

sys.path.insert(0, str(Path(__file__).parents[1]))  # the tests' dataset

if TYPE_CHECKING:
    from tests.every_file import Dataset, Kind

Path_ = tuple[str | int, ...]
SEALED = ("metrics", "promotion", "tournament", "look", "source", "refusal")


@dataclass
class Outcome:
    """What became of damage to one kind of file."""

    tried: int = 0
    refused: int = 0
    found: int = 0
    same: int = 0
    accepted: list[str] = field(default_factory=list)
    unnamed: list[str] = field(default_factory=list)


def flip(kind: Kind, count: int, *, seed: int) -> Outcome:
    """Flip single bytes of a file and return what its reader made of it."""
    rng = random.Random(seed)  # noqa: S311  # nothing is secret
    outcome, content, before = Outcome(), kind.path.read_bytes(), kind.content()
    for _ in range(count):
        place = rng.randrange(len(content))
        flipped = bytes([content[place] ^ rng.randrange(1, 256)])
        kind.path.write_bytes(content[:place] + flipped + content[place + 1 :])
        _judge(kind, before, f"byte {place}", outcome)
    kind.path.write_bytes(content)
    return outcome


def edit(kind: Kind, count: int, *, seed: int) -> Outcome:
    """Edit values of a sealed file, seal it again, and return what its readers made of it."""
    from counterpoise.persist import as_json
    from counterpoise.records import seal

    rng = random.Random(seed)  # noqa: S311  # nothing is secret
    outcome, content, before = Outcome(), kind.path.read_bytes(), kind.content()
    plain = json.loads(content)
    places = [place for place in _places(plain) if place != ("digest",)]
    for _ in range(count):
        place = _draw(places, rng)
        changed = copy.deepcopy(plain)
        _change(changed, place, rng)
        if changed == plain:
            continue
        kind.path.write_bytes(as_json(seal(changed)).encode())
        _judge(kind, before, _field(place), outcome, contradictions=True)
    kind.path.write_bytes(content)
    return outcome


def _judge(kind: Kind, before: Any, what: str, outcome: Outcome, *, contradictions: bool = False) -> None:
    from counterpoise.errors import IntegrityError

    outcome.tried += 1
    try:
        after = kind.content()
        if contradictions and kind.differences():
            outcome.found += 1
            return
    except IntegrityError as error:
        named = kind.path.name in f"{error} {error.values.get('file', '')}"
        outcome.refused += named
        if not named:
            outcome.unnamed.append(f"{what}: {error}"[:200])
    except Exception as error:  # noqa: BLE001  # this is what is looked for
        outcome.unnamed.append(f"{what}: {type(error).__name__}: {error}"[:200])
    else:
        if _without_seal(after) == _without_seal(before):
            outcome.same += 1
        else:
            outcome.accepted.append(what)


def _without_seal(content: Any) -> Any:
    return {key: value for key, value in content.items() if key != "digest"} if isinstance(content, dict) else content


def _places(value: Any, place: Path_ = ()) -> Iterator[Path_]:
    """Yield where values stand, the inner ones too."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        yield (*place, name)
        yield from _places(part, (*place, name))


def _draw(places: list[Path_], rng: random.Random) -> Path_:
    """Return a place, each field as likely as another one however many numbers a list in it has."""
    fields: dict[str, list[Path_]] = {}
    for place in places:
        fields.setdefault(_field(place), []).append(place)
    return rng.choice(fields[rng.choice(sorted(fields))])


def _field(place: Path_) -> str:
    return ".".join("*" if isinstance(name, int) else name for name in place)


def _change(document: Any, place: Path_, rng: random.Random) -> None:
    """Change one value: another one, none, one more, or a name that nobody knows."""
    inside = document
    for name in place[:-1]:
        inside = inside[name]
    name, value = place[-1], inside[place[-1]]
    match rng.randrange(8):
        case 0:
            del inside[name]
        case 1 if isinstance(inside, list):
            inside.insert(int(name), copy.deepcopy(value))
        case 1:
            inside[f"{name}_too"] = value
        case 2:
            inside[name] = rng.choice([None, True, -1, 10**30, "", "x" * 2_000_000, [], {}, "../../x", "\x1b[31m"])
        case _:
            inside[name] = _other(value, rng)


def _other(value: Any, rng: random.Random) -> Any:
    """Return another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + rng.choice([-1, 1, 7, 1_000])
    if isinstance(value, float):
        return rng.choice([value * 0.9, min(1.0, value + 0.05), 1 - value])
    if isinstance(value, str):
        return rng.choice([value + "x", value[:-1], value[::-1], value.upper()])
    if isinstance(value, list):
        return value[:-1]
    return None if value is None else {}


def run(dataset: Dataset, *, flips: int, edits: int, seed: int) -> dict[str, dict[str, Outcome]]:
    """Damage every kind of file of a dataset; every file is as it was afterwards."""
    return {
        name: {
            "flips": flip(kind, flips, seed=seed),
            **({"edits": edit(kind, edits, seed=seed)} if name in SEALED else {}),
        }
        for name, kind in {**dataset.kinds, **_of_the_version(dataset)}.items()
    }


def _of_the_version(dataset: Dataset) -> dict[str, Kind]:
    """Return the manifest of the last version and a file of rows of each part, as `Version` reads them."""
    from counterpoise.persist import read_manifest
    from counterpoise.versions import open_version
    from tests.every_file import Kind

    folder = dataset.folder
    version = open_version(folder.address)

    def rows(part: str) -> bytes:
        sink = pa.BufferOutputStream()
        table = version.to_arrow(part)
        with pa.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table)
        return bytes(sink.getvalue())

    parts = ("train", "validation", "test", "keys/train", "keys/test", "recipe")
    return {
        "manifest": Kind(folder.manifest(version.number), lambda: read_manifest(folder, version.number), list),
        **{part: Kind(min(version.path(part).glob("*.parquet")), partial(rows, part), list) for part in parts},
    }


def main() -> None:
    """Print what became of all damage, two classes and three."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--flips", type=int, default=1_000)
    parser.add_argument("--edits", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    from tests.every_file import make_dataset

    for classes in (2, 3):
        with tempfile.TemporaryDirectory() as folder:
            found = run(
                make_dataset(Path(folder), classes=classes),
                flips=arguments.flips,
                edits=arguments.edits,
                seed=arguments.seed,
            )
        for name, outcomes in found.items():
            for damage, outcome in outcomes.items():
                print(
                    f"{classes} classes, {name}, {damage}: {outcome.tried} tried, {outcome.refused} refused, "
                    f"{outcome.found} contradict, {outcome.same} same, {len(outcome.accepted)} accepted, "
                    f"{len(outcome.unnamed)} unnamed"
                )
                for what, times in Counter(outcome.accepted).most_common(200) if damage == "edits" else ():
                    print(f"    accepted {times}: {what}")
                for line in outcome.unnamed[:20]:
                    print(f"    unnamed: {line}")


if __name__ == "__main__":
    main()
