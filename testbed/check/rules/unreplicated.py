"""What the same program does without replication, and with it does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from testbed.check.finding import Finding
from testbed.check.rules.together import line_with
from testbed.check.rules.words import bare
from testbed.check.seen import NoGradient, ProgramError, SourceLine, WorkerObservations


@dataclass(frozen=True)
class Doubts:
    """What may be a mistake of the program alone, or come of replication."""

    raised: ProgramError | None = None
    """An exception that nothing else explains."""
    no_gradients: tuple[NoGradient, ...] = ()
    hang: str = ""
    """Where workers stand that did not come to their end."""
    place: SourceLine | None = None
    """The line at which the first of them stands."""


def unlike(doubts: Doubts, alone: WorkerObservations) -> Iterator[Finding]:
    """What is no mistake of the program, since it came to its end without replication.

    Args:
        doubts: of the run with it.
        alone: what was seen without it.
    """
    ends = "without replication the program comes to its end"
    if doubts.raised:
        line = line_with(("",), doubts.raised)
        kind = doubts.raised.type
        told = f"{kind}: {line}" if line else f"{kind} with an empty message"
        yield Finding("TB501", doubts.raised.place, f"{told}; {ends}")
    if doubts.hang:
        yield Finding("TB404", doubts.place, f"{doubts.hang}; {ends}")
    elsewhere = {each.place for each in alone.no_gradients}
    for each in doubts.no_gradients:
        if each.place and each.place not in elsewhere:
            told = f"no gradient of '{bare(each.source)}' is found, and without replication one is"
            yield Finding("TB502", each.place, told)
