"""Reads the errors in a pasted text: a message alone, or output with tracebacks."""

from __future__ import annotations

import re

from testbed.verdict.raised_error import RaisedError, StackFrame

_FRAME = re.compile(r'^ *File "(?P<file>[^"]+)", line (?P<line>\d+)(?:, in (?P<function>\S+))?')
_ERROR = re.compile(
    r"^(?:[A-Za-z_]\w*\.)*(?P<type>[A-Z]\w*(?:Error|Exception|Iteration))"
    r"(?::(?: (?P<message>.*))?)?$"
)
# What pytest, `testbed launch`, srun and collectors of logs put before a line.
_PREFIX = re.compile(r"^(?:E  |\[?(?:worker|rank|task)[ :]?\d+\]?(?: ?[:|])? ?|\d+: )")
_TRACEBACK = "Traceback (most recent call last):"
_BETWEEN = (_TRACEBACK, "During handling of", "The above exception")


def errors_in(text: str) -> list[RaisedError]:
    """The errors in a text, in its order; a text without any is the message of one.

    Args:
        text: the text, as it was copied from a terminal or a log.
    """
    lines = [_PREFIX.sub("", line) for line in text.expandtabs().splitlines()]
    found: list[RaisedError] = []
    frames: list[StackFrame] = []
    for number, line in enumerate(lines):
        if line.strip() == _TRACEBACK:
            frames = []
        elif place := _FRAME.match(line):
            frame = StackFrame(place["file"], int(place["line"]), place["function"] or "")
            frames.append(frame)
        elif error := _ERROR.match(line.strip()):
            message = "\n".join([error["message"] or "", *_rest(lines[number + 1 :])])
            found.append(RaisedError(error["type"], message.strip(), tuple(frames)))
            frames = []
    return found or [RaisedError("", text)]


def _rest(lines: list[str]) -> list[str]:
    """The further lines of a message: up to the next traceback."""
    end = next((n for n, line in enumerate(lines) if line.startswith(_BETWEEN)), len(lines))
    return lines[:end]
