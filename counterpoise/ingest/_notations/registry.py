"""The registry of notations."""

from __future__ import annotations

from counterpoise.config import SourceConfig
from counterpoise.errors import ConfigError
from counterpoise.ingest._notations.notation import Family, Notation
from counterpoise.ingest._notations.numbers import NUMBERS
from counterpoise.ingest._notations.times import TIMES
from counterpoise.ingest._notations.truths import TRUTHS

AS_TEXT = "text"
"""The name that says: these are texts, whatever they look like."""

FAMILIES: tuple[Family, ...] = (NUMBERS, TIMES, TRUTHS)


def check_notations(source: SourceConfig) -> None:
    """Check that all declared notations exist.

    Raises:
        ConfigError: One does not.
    """
    for item in source.notations:
        name, notations = item.rsplit("=", 1)
        for notation in notations.split("|") if name == "*" else [notations]:
            if notation != AS_TEXT or name == "*":
                notation_named(notation, column=name)


def has_decimal_comma(source: SourceConfig) -> bool:
    """Return whether a notation for all text columns is of numbers with a decimal comma."""
    common = [notation_named(name, column="*") for name in source.common_notations()]
    return any(notation.kind == "number" and notation.meaning == "," for notation in common)


def notation_named(name: str, *, column: str) -> Notation:
    """Return the notation that `source.notations` declares for a column.

    Raises:
        ConfigError: There is no such notation.

    >>> notation_named("1.234,56 €", column="price").label
    'numbers with a decimal comma and the unit €'
    """
    found = next((each for family in reversed(FAMILIES) if (each := family.named(name.strip())) is not None), None)
    if found is None:
        examples = ", ".join(family.examples[0] for family in FAMILIES)
        raise ConfigError(
            "unknown_notation",
            expected=f"an example or pattern such as {examples} for {column!r} in source.notations",
            found=repr(name.strip()[:100]),
            remedy="correct source.notations; docs/reference.md lists the notations",
            values={"column": column, "notation": name[:100]},
        )
    return found
