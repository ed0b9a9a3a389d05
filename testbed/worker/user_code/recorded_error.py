"""Records an uncaught exception of the user's program for the launching process."""

from __future__ import annotations

import traceback

from testbed.verdict.raised_error import RaisedError, StackFrame
from testbed.worker.user_code.own_code import is_machinery, text_of

# An exception may hold a whole dataset, and the frames of an endless recursion.
_LONGEST_MESSAGE = 20_000
_MOST_FRAMES = 200


def recorded(problem: BaseException) -> RaisedError:
    """An exception without our frames, and without the middle of a long message.

    Where an operation failed, its stack fills pages of the message, and the error is at the end.
    """
    message, half = text_of(problem), _LONGEST_MESSAGE // 2
    if len(message) > _LONGEST_MESSAGE:
        message = f"{message[:half]}\n{message[-half:]}"
    frames = [
        StackFrame(frame.filename, frame.lineno or 0, frame.name)
        for frame in traceback.extract_tb(problem.__traceback__)
        if not is_machinery(frame.filename)
    ]
    return RaisedError(type(problem).__name__, message, tuple(frames[-_MOST_FRAMES:]))
