"""Rule about failures of a program that do not occur without replication."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from testbed.check.finding import Finding
from testbed.check.observations.file_use import FileUse
from testbed.check.observations.seen import NoGradient, ProgramError, SourceLine, WorkerObservations
from testbed.check.rules.data.files import read_by_others
from testbed.check.rules.refusals import refused
from testbed.check.rules.words import bare


@dataclass(frozen=True)
class Doubts:
    """Failures that come either from the program itself or from replication."""

    raised: ProgramError | None = None
    """An exception that no other finding explains."""
    no_gradients: tuple[NoGradient, ...] = ()
    hang: str = ""
    """A sentence that says where the unfinished workers stand."""
    place: SourceLine | None = None
    """The line at which the first unfinished worker stands."""
    files: tuple[FileUse, ...] = ()
    """The uses of files by the worker that raised."""


def unlike(doubts: Doubts, alone: WorkerObservations) -> Iterator[Finding]:
    """Report the failures that replication causes: the program finished without it.

    Args:
        doubts: the failures of the run with replication.
        alone: the observations of the run without replication.
    """
    ends = "without replication the program finishes"
    if doubts.raised:
        of_files = list(read_by_others(doubts.raised, doubts.files, alone))
        yield from of_files or [refused(doubts.raised, ends)]
    if doubts.hang:
        yield Finding("TB404", doubts.place, f"{doubts.hang}; {ends}")
    elsewhere = {each.place for each in alone.no_gradients}
    for each in doubts.no_gradients:
        if each.place and each.place not in elsewhere:
            evidence = (
                f"no gradient of '{bare(each.source)}' is found, and without replication one is"
            )
            yield Finding("TB502", each.place, evidence)
