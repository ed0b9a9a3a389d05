"""Values that each replica stores in one place, and that the caller of the run then reads."""

from __future__ import annotations

from typing import Any

import numpy
import tensorflow as tf

from tests.watching.observing import Lines, observed

HERE = Lines(__file__)


class Holder:
    def __init__(self) -> None:
        self.loss: Any = None
        self.same: Any = None
        self.unread: Any = None
        self.pad: Any = None
        self.late: Any = None
        self.rows = numpy.zeros(3)


def number() -> int:
    return int(tf.distribute.get_replica_context().replica_id_in_sync_group)


def test_what_the_last_replica_leaves_is_read_by_the_caller(mirrored: Any) -> None:
    """The values of all replicas are kept, and where they are stored and read."""
    holder = Holder()

    def step() -> None:
        holder.loss = 1.0 + number()  # at: stores

    def program() -> None:
        mirrored.run(step)
        print(holder.loss)  # at: reads

    (stored,) = observed(program).stored
    assert (stored.name, stored.values, stored.run) == ("holder.loss", (1.0, 2.0), 1)
    assert (HERE.name(stored.place), HERE.name(stored.use)) == ("stores", "reads")
    assert stored.where == ()


def test_equal_values_are_kept_as_equal(mirrored: Any) -> None:
    """Of what agrees, the last run is kept."""
    holder = Holder()

    def step(value: Any) -> None:
        holder.same = value + 1.0

    def program() -> None:
        for run in range(3):
            mirrored.run(step, (tf.constant(float(run)),))
            print(holder.same)

    (stored,) = observed(program).stored
    assert (stored.name, stored.values, stored.run) == ("holder.same", (3.0, 3.0), 3)


def test_what_no_caller_reads_is_not_kept(mirrored: Any) -> None:
    """A value that only replicas use may be each replica's own."""
    holder = Holder()

    def step() -> None:
        holder.unread = 1.0 + number()

    assert observed(lambda: mirrored.run(step)).stored == ()


def test_what_is_stored_anew_between_runs_is_a_scratch_pad(mirrored: Any) -> None:
    """The caller clears it, and so nothing of it stays."""
    holder = Holder()

    def step() -> None:
        holder.pad = 1.0 + number()

    def program() -> None:
        for _ in range(3):
            mirrored.run(step)
            print(holder.pad)
            holder.pad = 0.0

    assert observed(program).stored == ()


def test_elements_of_an_array_that_every_replica_writes(mirrored: Any) -> None:
    """Only the elements that all of them wrote are compared, by their numbers."""
    holder = Holder()

    def step() -> None:
        holder.rows[1] = 5.0 + number()  # at: element

    def program() -> None:
        mirrored.run(step)
        print(holder.rows)

    (stored,) = observed(program).stored
    assert (stored.name, stored.values, stored.where) == ("holder.rows", (5.0, 6.0), (1,))
    assert HERE.name(stored.place) == "element"


def test_a_loop_reads_in_its_next_round(mirrored: Any) -> None:
    """A line before the run counts where a loop comes back to it; without a loop it does not."""
    holder = Holder()

    def step() -> None:
        holder.late = 1.0 + number()

    def loop() -> None:
        for _ in range(2):
            print(holder.late)  # at: next round
            mirrored.run(step)

    def once() -> None:
        print(holder.late)
        mirrored.run(step)

    (stored,) = observed(loop).stored
    assert HERE.name(stored.use) == "next round"
    assert observed(once).stored == ()
