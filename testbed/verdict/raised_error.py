"""An exception as it was recorded: type, message, and the frames of its traceback."""

from __future__ import annotations

import re
from dataclasses import dataclass

from testbed.verdict.device_memory import DeviceMemory

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
# The stack of the operation that failed, which the runtime writes into the message.
_WHERE_MADE = re.compile(
    r'^(?:Detected at node .*|  File "[^"\n]*", line \d+, in .*)\n?', re.MULTILINE
)
_NODES = re.compile(
    r"\s*\[\[.*?\]\]| ?\[Op:[^\]\n]*\](?: name: ?\S*)?|\{\{function_node [^}\n]*\}\} ?"
)
# Where several operations failed, the runtime lists them; most often with one and the same error.
_OTHERS = re.compile(
    r"^ *\((?!0\))\d+\) [A-Z_]+: [\s\S]*(?=^\d+ successful operations)", re.MULTILINE
)
_COUNTS = re.compile(
    r"^\d+ root error\(s\) found\.\n|^\d+ (?:successful operations|derived errors ignored)\..*\n?|"
    r"^ *\(0\) [A-Z_]+: +",
    re.MULTILINE,
)
_NAMED = re.compile(
    r'^ *File "(?P<file>[^"\n]+)", line (?P<line>\d+), in (?P<name>\S+)', re.MULTILINE
)
_NUMBERS = re.compile(r"\[[\[\]\d\s.,e+\-naif]*\]")
_FEW = 4


@dataclass(frozen=True)
class StackFrame:
    """One frame of a traceback."""

    file: str
    line: int
    function: str


@dataclass(frozen=True)
class RaisedError:
    """An exception: the name of its class, its message, and its frames, the innermost last."""

    type: str
    """Without its module; empty where it is unknown."""
    message: str
    frames: tuple[StackFrame, ...] = ()
    runtime_start: StackFrame | None = None
    """The line of the program that started TensorFlow's runtime, where it was noted."""
    memory: DeviceMemory | None = None
    """The memory of the device that had none left, for an error of memory."""

    @property
    def plain(self) -> str:
        """The message without what AutoGraph, Keras and the runtime add to it.

        They add the stack of the user's code, the stack and the name of the operation that failed,
        and colours.
        """
        text = _ANSI.sub("", self.message)
        if self.type:
            head = re.compile(rf"^ +{re.escape(self.type)}:[ \n]?", re.MULTILINE)
            while text.lstrip().startswith("in user code:") and (said := head.search(text)):
                text = text[said.end() :]
        text = text.removeprefix("Graph execution error:")
        text = _COUNTS.sub("", _OTHERS.sub("", _WHERE_MADE.sub("", text)))
        text = _NODES.sub("", text)
        return "\n".join(line.strip() for line in text.splitlines() if line.strip())

    @property
    def has_stack(self) -> bool:
        """Whether the message begins with a stack, and not with what went wrong."""
        return self.message.lstrip().startswith(("in user code:", "Graph execution error:"))

    @property
    def all_frames(self) -> tuple[StackFrame, ...]:
        """The frames of the traceback, and those that the message names.

        AutoGraph puts frames into the message that the traceback does not have.
        """
        named = (
            StackFrame(found["file"], int(found["line"]), found["name"])
            for found in _NAMED.finditer(self.message)
        )
        return (*self.frames, *named)

    @property
    def headline(self) -> str:
        """The type and the first line of the plain message."""
        return self.brief.partition("\n")[0]

    @property
    def brief(self) -> str:
        """The type and the plain message, in which long tensors are shortened."""
        plain = _NUMBERS.sub(_shortened, self.plain)
        return f"{self.type}: {plain}" if plain else f"{self.type} with an empty message"


def _shortened(numbers: re.Match[str]) -> str:
    """A list of numbers; of more than a few only the first and the last."""
    values = re.findall(r"[^\[\]\s,]+", numbers[0])
    return numbers[0] if len(values) <= _FEW else f"[{values[0]}, ..., {values[-1]}]"
