"""Reads the stacks that a blocked worker wrote, and finds its place in the author's code."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

STACKS_SIGNAL = int(signal.SIGRTMIN) + 11
"""Makes a worker append its stacks to its file. Programs use SIGUSR1 themselves."""

_FRAME = re.compile(r'^  File "(?P<file>.+)", line (?P<line>\d+) in (?P<function>.+)$')

_PACKAGE = str(Path(__file__).resolve().parents[2])
_SCENARIOS = f"{_PACKAGE}/scenarios/"
# Frames in these folders belong to libraries or the testbed, and not to the author's code.
# AutoGraph's copies of code, in TensorFlow 2.16 also of tf_keras, are deleted with the worker.
_MACHINERY = (
    *("/site-packages/", "/dist-packages/", "/lib/python", f"{_PACKAGE}/"),
    "/__autograph_generated_file",
)
_TENSORFLOW = ("/tensorflow/", "/tf_keras/", "/keras/")
_STEPS = ("/tensorflow/python/eager/polymorphic_function/", "/tensorflow/python/distribute/")


@dataclass(frozen=True)
class StackPlace:
    """The place of a blocked worker."""

    at: str = ""
    """The innermost frame of the author's code, like `train.py:12 in step`, or empty."""
    in_tensorflow: bool = False
    """Whether that frame has called TensorFlow, and the call has not returned."""
    known: bool = True
    """Whether the worker wrote its stacks at all."""
    file: str = ""
    """The file of that frame."""
    line: int = 0
    in_step: bool = False
    """Whether it has called a tf.function or a strategy, and not, say, a dataset."""
    lines: tuple[tuple[str, int], ...] = field(default=(), compare=False)
    """File and line of each frame of the author's code, in all threads."""


NOWHERE = StackPlace(known=False)


@dataclass(frozen=True)
class _Frame:
    file: str
    line: str
    function: str

    def __str__(self) -> str:
        return f'File "{self.file}", line {self.line} in {self.function}'

    @property
    def is_authors(self) -> bool:
        if self.file.startswith("<"):
            # `<frozen importlib._bootstrap>` and the like: part of Python, and not a file to open.
            return False
        if self.file.startswith(_SCENARIOS):
            return True
        return not any(part in self.file for part in _MACHINERY)

    @property
    def is_tensorflows(self) -> bool:
        return any(part in self.file for part in _TENSORFLOW)


def where_blocked(stacks: Path) -> StackPlace:
    """Find the innermost frame that is neither library nor testbed.

    faulthandler writes the innermost frame of each thread first, and the threads of replicas before
    the main thread, so the first frame that fits is the deepest one of the author. Where no stack
    has a frame of the author's code, the main thread shows whether TensorFlow is the code that does
    not return.
    """
    try:
        lines = stacks.read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    threads = list(_threads(lines))
    if not threads:
        return NOWHERE
    own = (frame for thread in threads for frame in thread if frame.is_authors)
    own_lines = tuple((frame.file, int(frame.line)) for frame in own)
    for thread in threads:
        for depth, frame in enumerate(thread):
            if frame.is_authors:
                at = f"{Path(frame.file).name}:{frame.line} in {frame.function}"
                called = thread[:depth]
                inside, in_step = _has_tensorflow(called), any(map(_is_of_a_step, called))
                return StackPlace(at, inside, True, frame.file, int(frame.line), in_step, own_lines)
    return StackPlace("", _has_tensorflow(threads[-1]))


def telling_part(stacks: Path) -> str:
    """The stacks without idle threads, and without the frames that started the author's code.

    Empty where there are none; the whole text where no thread is in the author's code.
    """
    try:
        text = stacks.read_text(errors="replace")
    except OSError:
        return ""
    parts = []
    for thread in _threads(text.splitlines()):
        last = max((depth for depth, frame in enumerate(thread) if frame.is_authors), default=None)
        if last is not None:
            parts.append("\n".join(map(str, thread[: last + 1])))
    return "\n\n".join([*parts, f"(all of them: {stacks})"]) if parts else text


def is_whole(stacks: Path) -> bool:
    """Whether a worker has written its stacks completely.

    The main thread comes last, and its outermost frame is where the interpreter started the module
    of the worker or its server. faulthandler ends a stack that is too deep with dots.
    """
    try:
        text = stacks.read_text(errors="replace").rstrip()
    except OSError:
        return False
    return text.endswith((" in _run_module_as_main", "\n  ..."))


def _is_of_a_step(frame: _Frame) -> bool:
    return any(part in frame.file for part in _STEPS)


def _has_tensorflow(frames: Sequence[_Frame]) -> bool:
    return any(frame.is_tensorflows for frame in frames)


def _threads(lines: Sequence[str]) -> Iterator[list[_Frame]]:
    """The frames of each thread; the main thread is the last."""
    frames: list[_Frame] = []
    for line in lines:
        found = _FRAME.match(line)
        if found:
            frames.append(_Frame(**found.groupdict()))
        elif frames:
            yield frames
            frames = []
    if frames:
        yield frames
