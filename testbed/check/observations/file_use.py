"""The files that the user's program uses, as observations name them."""

from __future__ import annotations

from dataclasses import dataclass

from testbed.check.observations.source_line import SourceLine

WRITE, MOVE, READ, LOOK = "write", "move", "read", "look"
"""`WRITE`: the content is written in place, from its beginning; `MOVE`: a complete file is renamed
to the path; `READ`: it is opened for reading; `LOOK`: only its existence is tested."""


@dataclass(frozen=True)
class FileMoment:
    """When a file was used, between two collectives of the worker."""

    collectives: int
    """How many collectives had ended, with those of a tf.function counted as one."""
    step: int
    """How many steps had begun, counted as in `VariableCreated.step`."""
    first: float
    last: float
    """`first`, `last`: seconds of the monotonic clock of `FileUse.host`."""


@dataclass(frozen=True)
class FileUse:
    """All uses of one kind of one file at one line."""

    kind: str
    path: str
    """The absolute path, without symbolic links."""
    name: str
    """The path as the program gives it."""
    place: SourceLine
    host: str
    """The running kernel. Paths and times of different hosts cannot be compared."""
    moments: tuple[FileMoment, ...] = ()

    @property
    def writes(self) -> bool:
        """Whether the content of the file changes."""
        return self.kind in (WRITE, MOVE)
