"""Reads the stacks that a blocked worker wrote, and says where it was."""

from __future__ import annotations

import re
from pathlib import Path

_FRAME = re.compile(r'^  File "(?P<file>.+)", line (?P<line>\d+) in (?P<function>.+)$')

_PACKAGE = str(Path(__file__).resolve().parent.parent)
_SCENARIOS = f"{_PACKAGE}/scenarios/"
# Frames of these folders are how a worker waits, not what its author wrote.
_MACHINERY = ("/site-packages/", "/dist-packages/", "/lib/python", f"{_PACKAGE}/")


def where_blocked(stacks: Path) -> str:
    """The innermost frame that is neither library nor testbed, like `train.py:12 in step`.

    faulthandler writes the innermost frame of each thread first, and the threads of replicas
    before the main thread, so the first frame that fits is the deepest one of its author.
    Empty where there are no stacks, or none of the author's code is on them.
    """
    try:
        lines = stacks.read_text(errors="replace").splitlines()
    except OSError:
        return ""
    for line in lines:
        frame = _FRAME.match(line)
        if frame and _is_authors(frame["file"]):
            return f"{Path(frame['file']).name}:{frame['line']} in {frame['function']}"
    return ""


def _is_authors(file: str) -> bool:
    if file.startswith("<"):
        # `<frozen importlib._bootstrap>` and the like: Python's own, and no file to open.
        return False
    return file.startswith(_SCENARIOS) or not any(part in file for part in _MACHINERY)
