"""Records an uncaught exception of the user's program for the launching process."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace

from testbed.verdict.out_of_memory import out_of_memory
from testbed.verdict.raised_error import RaisedError, StackFrame
from testbed.worker.device_memory import memory_at
from testbed.worker.runtime_start import calling_when_started
from testbed.worker.user_code.own_code import is_machinery, text_of
from testbed.worker.watching.stack import author_place

# An exception may hold a whole dataset, and the frames of an endless recursion.
_LONGEST_MESSAGE = 20_000
_MOST_FRAMES = 200

Record = Callable[[BaseException], RaisedError]


@contextlib.contextmanager
def recording() -> Iterator[Record]:
    """Note which line starts TensorFlow's runtime in the block; yields what records an exception.

    The record has no frames of ours, and not the middle of a long message: where an operation
    failed, its stack fills pages of the message, and the error is at the end.
    """
    starts: list[StackFrame] = []

    def note_start() -> None:
        if place := author_place().place:
            starts.append(StackFrame(place.file, place.line, place.function))

    def record(problem: BaseException) -> RaisedError:
        frames = [
            StackFrame(frame.filename, frame.lineno or 0, frame.name)
            for frame in traceback.extract_tb(problem.__traceback__)
            if not is_machinery(frame.filename)
        ]
        start = starts[0] if starts else None
        message = _without_middle(text_of(problem))
        error = RaisedError(type(problem).__name__, message, tuple(frames[-_MOST_FRAMES:]), start)
        lacking = out_of_memory(error)
        return replace(error, memory=memory_at(lacking.device)) if lacking else error

    with calling_when_started(note_start):
        yield record


def _without_middle(message: str) -> str:
    half = _LONGEST_MESSAGE // 2
    whole = len(message) <= _LONGEST_MESSAGE
    return message if whole else f"{message[:half]}\n{message[-half:]}"
