"""The form of an entry in the table of known errors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest

from testbed.verdict.raised_error import RaisedError

TENSORFLOW, KERAS, TF_KERAS = "TensorFlow 2.21.0", "Keras 3.15.1", "tf_keras 2.21.0"
"""The versions for which the texts of the entries were seen."""

MIRRORED, WORKERS = "mirrored", "multi_worker_mirrored"

START = "start"
"""The name, in every entry, of the place that started TensorFlow's runtime."""

EMPTY = r"\A\Z"
"""The pattern of a message without a word."""


@dataclass(frozen=True)
class Sign:
    """One way to recognise an error: all parts that are given must fit.

    The named groups of the patterns are the names that the texts of the entry use.
    """

    types: tuple[str, ...]
    """Names of exception classes, without their modules."""
    message: str = ""
    """A regular expression, searched in `RaisedError.plain`."""
    frame: str = ""
    """A regular expression, searched in `file:function>callee` of each frame, innermost first."""
    alone: bool = False
    """Whether the message is enough where no frame is known, as in a pasted line."""

    def names_in(self, raised: RaisedError) -> Mapping[str, str] | None:
        """The named groups of both patterns; None where the error does not have this sign.

        Args:
            raised: the error. An unknown type fits every sign with a pattern of its message.
        """
        if raised.type not in self.types and (raised.type or self.message in ("", EMPTY)):
            return None
        said = re.search(self.message, raised.plain)
        if said is None:
            return None
        names = {name: text or "" for name, text in said.groupdict().items()}
        frames = raised.all_frames
        if not self.frame or (self.alone and not frames):
            return names
        for frame, called in reversed(list(zip_longest(frames, frames[1:]))):
            callee = called.function if called else ""
            if found := re.search(self.frame, f"{frame.file}:{frame.function}>{callee}"):
                return {**names, **found.groupdict()}
        return None


@dataclass(frozen=True)
class KnownError:
    """An error that TensorFlow or Keras raises under replication, with its cause and its cure."""

    slug: str
    """Its stable name, as `testbed explain` takes it."""
    title: str
    signs: tuple[Sign, ...]
    cause: str
    cure: str
    """`cause` and `cure` may contain {names} of groups that all signs have."""
    wrong: str
    """A short program that raises it. It may use `strategy`, `tf`, `np` and `keras`."""
    right: str
    """The same program with the cure."""
    strategy: str = MIRRORED
    """The strategy under which `wrong` raises it."""
    seen_on: tuple[str, ...] = (TENSORFLOW,)
    code: str = "TB501"
    """The code of its finding in `testbed check`."""
    needs_gpu: bool = False
    """Whether only a machine with a GPU raises it."""
    is_consequence: bool = False
    """Whether another worker has the cause."""
    scenario: str = ""
    """The scenario that shows it, as `testbed run` takes it; empty where none does."""
    threads: tuple[str, ...] = ()
    """Public threads, like `keras#20585`."""
