"""Reads errors of devices without memory: what asked for how much, and what would fit.

The forms of the messages are those of TensorFlow's sources; those of CPUs were raised on TensorFlow
2.15, 2.18 and 2.21.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from testbed.verdict.device_memory import DeviceMemory, shown_bytes
from testbed.verdict.raised_error import RaisedError

TENSOR = (
    r"OOM when allocating tensor with shape\s?\[(?P<shape>[\d, ]*)\]"
    r"(?: and type (?P<type>\w+) on \S*device:(?P<device>\w+:\d+))?"
)
"""An operation has no room for its result."""

COPY = (
    r"unable to allocate output tensor\. Key: [^\n]*device:(?P<device>\w+:\d+);(?P<node>[^;\n]*)"
    r"|Failed copying input tensor from \S+ to \S*device:(?P<to>\w+:\d+) in order to run"
    r" (?P<operation>\w+): Dst tensor is not initialized"
)
"""A tensor does not fit onto the device to which it is copied."""

KERNEL = r"failed to allocate memory(?! for)"
"""An operation of a GPU whose kernel was generated; the message has neither shape nor device."""

BATCH = r"Failed to allocate memory for the batch of component (?P<component>\d+)"
"""A dataset has no room for a batch."""

COMPILED = r"(?:Out of memory while trying to allocate|Failed to allocate request for)"
COMPILED += r" (?P<size>[\d.]+ ?\w+)"
"""A function that XLA has compiled has no room for its temporary values."""

_FORMS = {
    "ResourceExhaustedError": (TENSOR, COPY, BATCH, COMPILED, KERNEL),
    "InternalError": (COPY,),
}
# The node that failed stands before the operation that called its function.
_OPERATION = re.compile(r"\[\[\{?\{?(?:node )?(?P<node>[^\s{}\]]+)|\[Op:(?!__)(?P<op>\w+)\]")
_SIZES = {
    **dict.fromkeys(("double", "int64", "uint64", "complex64"), 8),
    **dict.fromkeys(("float", "int32", "uint32"), 4),
    **dict.fromkeys(("half", "bfloat16", "int16", "uint16"), 2),
    **dict.fromkeys(("int8", "uint8", "bool"), 1),
    "complex128": 16,
}
_LIBRARIES = ("/site-packages/", "/dist-packages/", "/lib/python3")


@dataclass(frozen=True)
class OutOfMemory:
    """A request for memory that a device could not fulfil."""

    device: str = ""
    """The device, like `GPU:0`; empty where the message does not name it."""
    operation: str = ""
    """The operation that asked, by its name in the graph if it has one."""
    shape: tuple[int, ...] = ()
    type: str = ""
    """`shape` and `type` of the tensor, in the words of the message; empty where unknown."""
    size: str = ""
    """The requested memory, where the message has no shape but a size."""
    place: str = ""
    """The innermost line of the program that led to it."""

    @property
    def bytes(self) -> int | None:
        """The bytes of the tensor; None where its shape or its type is unknown."""
        each = _SIZES.get(self.type)
        return None if each is None else each * math.prod(self.shape)

    @property
    def request(self) -> str:
        """The request in one sentence."""
        where = f"{self.device or 'a device'} has no memory left for "
        if self.type:
            bytes = self.bytes
            size = "" if bytes is None else f" ({shown_bytes(bytes)})"
            where += f"a tensor of {self.type}{list(self.shape)}{size}"
        else:
            where += self.size or "a tensor"
        by = f", which the operation {self.operation} needs" if self.operation else ""
        at = f", at {self.place}" if self.place else ""
        return where + by + at

    def fitting(self, memory: DeviceMemory) -> str:
        """What of the tensor would fit into what is available; empty where it is unknown."""
        free, bytes = memory.available, self.bytes
        if free is None or not bytes or not self.shape:
            return ""
        if bytes <= free:
            return "so much is free, but not in one piece"
        rows = int(free // (bytes // self.shape[0] or 1))
        return f"{rows} of its {self.shape[0]} rows would fit" if rows else "not one row would fit"


def out_of_memory(error: RaisedError) -> OutOfMemory | None:
    """What an error says about a device without memory; None for any other error.

    Args:
        error: the error, as it was recorded.
    """
    forms = _FORMS.get(error.type, ())
    found = next(filter(None, (re.search(form, error.message) for form in forms)), None)
    if found is None:
        return None
    said = {name: text or "" for name, text in found.groupdict().items()}
    component = said.get("component", "")
    return OutOfMemory(
        # Datasets, and their batches, are on the host.
        said.get("device") or said.get("to") or ("CPU:0" if component else ""),
        said.get("operation") or said.get("node") or _operation(error.message),
        tuple(int(each) for each in re.findall(r"\d+", said.get("shape", ""))),
        said.get("type", ""),
        f"component {component} of a batch" if component else said.get("size", ""),
        next(_places(error), ""),
    )


def describe(error: RaisedError, step: int = 0) -> str:
    """A sentence on an error of memory: step, request, use, and what would fit.

    Args:
        error: the error; `RaisedError.memory` is what its device held.
        step: the number of steps that the worker had begun; 0 where they are unknown.

    Returns:
        The sentence; empty for an error that is not about memory.
    """
    found = out_of_memory(error)
    if found is None:
        return ""
    parts = [f"in step {step}, {found.request}" if step else found.request]
    if memory := error.memory:
        parts += [_held(memory), found.fitting(memory)]
    return "; ".join(filter(None, parts))


def _held(memory: DeviceMemory) -> str:
    limit = "" if memory.limit is None else f" of its limit of {shown_bytes(memory.limit)}"
    free = ""
    if memory.free is not None:
        of = "" if memory.total is None else f" of {shown_bytes(memory.total)}"
        free = f", and {shown_bytes(memory.free)}{of} are free"
    return (
        f"the worker uses {shown_bytes(memory.used)}{limit} on {memory.device}"
        f" (at most {shown_bytes(memory.peak)}){free}"
    )


def _operation(message: str) -> str:
    found = _OPERATION.search(message)
    return (found["node"] or found["op"]) if found else ""


def _places(error: RaisedError) -> Iterator[str]:
    """The lines of the program on the stack, the innermost first."""
    for frame in reversed(error.all_frames):
        if frame.file.startswith("<") or "__autograph_generated_file" in frame.file:
            continue
        if not any(part in frame.file for part in _LIBRARIES):
            yield f"{frame.file.rpartition('/')[2]}:{frame.line}"
