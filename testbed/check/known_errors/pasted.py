"""Reads the errors in a pasted text: a message alone, or output with tracebacks."""

from __future__ import annotations

import re

from testbed.verdict.raised_error import RaisedError, StackFrame

_FRAME = re.compile(r'^ *File "(?P<file>[^"]+)", line (?P<line>\d+)(?:, in (?P<function>\S+))?')
_ERROR = re.compile(
    r"^(?:[A-Za-z_]\w*\.)*(?P<type>[A-Z]\w*(?:Error|Exception|Iteration|Exit|Interrupt|Warning))"
    r"(?::(?: (?P<message>.*))?)?$"
)
# What pytest, `testbed launch` and log collectors put before a line.
_PREFIX = re.compile(r"^(?:E  |\[?(?:worker|rank|task)[ :]?\d+\]?[:|]? ?)")
_TRACEBACK = "Traceback (most recent call last):"


def errors_in(text: str) -> list[RaisedError]:
    """The errors in a text, in its order; a text without any is the message of one.

    Args:
        text: the text, as it was copied from a terminal or a log.
    """
    lines = [_PREFIX.sub("", line) for line in text.expandtabs().splitlines()]
    found: list[RaisedError] = []
    frames: list[StackFrame] = []
    start = 0
    for number, line in enumerate(lines):
        if line.strip() == _TRACEBACK:
            frames, start = [], number
        elif said := _ERROR.match(line.strip() if not frames else line):
            message = "\n".join([said["message"] or "", *_rest(lines[number + 1 :])])
            found.append(RaisedError(said["type"], message.strip(), tuple(frames)))
            frames = []
        elif place := _FRAME.match(line):
            frame = StackFrame(place["file"], int(place["line"]), place["function"] or "")
            frames.append(frame)
    del start
    return found or [RaisedError("", text)]


def _rest(lines: list[str]) -> list[str]:
    """The further lines of a message: up to the next traceback or error."""
    rest: list[str] = []
    for line in lines:
        if line.strip() == _TRACEBACK or line.startswith(
            ("During handling", "The above exception")
        ):
            break
        rest.append(line)
    return rest
