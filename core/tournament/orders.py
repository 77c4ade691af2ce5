"""What a process of its own is asked to do for a tournament: each order with what it needs, and its answer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from counterpoise.core.records import Record, Snapshot, SplitPlan
from counterpoise.core.tournament.final_records import Entry, HeldOut, Refit
from counterpoise.core.tournament.records import Arena, Leaderboard, Rules

__all__ = ["DrawUp", "Encode", "EncodeFinal", "HoldOut", "Judge", "Order", "Play", "Train", "carry_out", "read_order"]


class DrawUp(Record):
    """Draw up an arena; the answer is an `Arena`."""

    do: Literal["draw_up"] = "draw_up"
    rules: Rules
    snapshot: Snapshot
    split: SplitPlan
    folder: str

    def carry_out(self) -> Record:
        """Do it."""
        from counterpoise.core.tournament.drawing import draw_up

        return draw_up(self.rules, self.snapshot, self.split, folder=Path(self.folder))


class Encode(Record):
    """Encode the features of a round; the answer is an `Encoding`."""

    do: Literal["encode"] = "encode"
    arena: Arena
    number: int

    def carry_out(self) -> Record:
        """Do it."""
        from counterpoise.core.tournament.encoding import encode_round

        return encode_round(self.arena, self.number)


class Play(Record):
    """Play an entry on all folds; the answer is an `EntryResult`."""

    do: Literal["play"] = "play"
    arena: Arena
    entry: Entry

    def carry_out(self) -> Record:
        """Do it."""
        from counterpoise.core.tournament.play import play

        return play(self.arena, self.entry)


class HoldOut(Record):
    """Set validation and test apart for the final; the answer is a `HeldOut`."""

    do: Literal["hold_out"] = "hold_out"
    rules: Rules
    snapshot: Snapshot
    split: SplitPlan
    folder: str

    def carry_out(self) -> Record:
        """Do it."""
        from counterpoise.core.tournament.held_out import hold_out

        return hold_out(self.rules, self.snapshot, self.split, folder=Path(self.folder))


class EncodeFinal(Record):
    """Encode all train rows and the untouched ones for the final; the answer is an `Encoding`."""

    do: Literal["encode_final"] = "encode_final"
    arena: Arena
    held_out: HeldOut

    def carry_out(self) -> Record:
        """Do it."""
        from counterpoise.core.tournament.encoding import encode_final

        return encode_final(self.arena, self.held_out)


class Train(Record):
    """Fit an entry on all train rows and ask it about the untouched ones; the answer is a `Refit`."""

    do: Literal["train"] = "train"
    arena: Arena
    entry: Entry

    def carry_out(self) -> Record:
        """Do it."""
        from counterpoise.core.tournament.refit import refit

        return refit(self.arena, self.entry)


class Judge(Record):
    """Judge the finalists on test; the answer is a `Final`."""

    do: Literal["judge"] = "judge"
    arena: Arena
    board: Leaderboard
    held_out: HeldOut
    refits: tuple[Refit, ...]

    def carry_out(self) -> Record:
        """Do it."""
        from counterpoise.core.tournament.judge import judge

        return judge(self.arena, self.board, self.held_out, refits=self.refits)


Order = Annotated[DrawUp | Encode | Play | HoldOut | EncodeFinal | Train | Judge, Field(discriminator="do")]

_ORDERS: TypeAdapter[Order] = TypeAdapter(Order)


def read_order(text: str) -> Order:
    """Return an order from its JSON text."""
    return _ORDERS.validate_json(text)


def carry_out(order: Order) -> Record:
    """Do what is asked in this process, on one thread: learners that take all cores only get in each other's way."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        return order.carry_out()
