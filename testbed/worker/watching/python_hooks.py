"""Hooks into Python itself."""

from __future__ import annotations

import builtins
import contextlib
import enum
import sys
from collections.abc import Iterator
from types import CodeType, ModuleType
from typing import Any

from testbed.worker.watching.events import Events
from testbed.worker.watching.replacing import Method, counted, replaced
from testbed.worker.watching.stack import is_authors, unconverted


@contextlib.contextmanager
def text_hashes(events: Events, salt: int) -> Iterator[None]:
    """Emits `text_hashed`, and salts the hashes that the user's code computes of texts.

    Only explicit calls of `hash` are salted, so dicts and sets work as before. A `__hash__` may
    have to agree with that of a text, so its calls are not salted either.

    Args:
        events: of the program.
        salt: differs between processes, as Python's does; 0: change no hash.
    """
    # By id, with the code itself, so that the ids stay unique.
    known: dict[int, tuple[CodeType, bool]] = {}

    def is_watched(code: CodeType) -> bool:
        found = known.get(id(code))
        if found is None:
            watched = code.co_name != "__hash__" and is_authors(code.co_filename)
            found = known[id(code)] = (code, watched)
        return found[1]

    def make(original: Method) -> Method:
        def hashed(obj: Any, /) -> Any:
            value = original(obj)
            if not isinstance(obj, (str, bytes, tuple)):
                return value
            frame = sys._getframe(1)
            if is_watched(frame.f_code):
                with counted(events.log, builtins, "hash"):
                    if _has_text(obj):
                        value ^= salt
                        events.text_hashed(frame, obj, value)
            return value

        return unconverted(hashed)

    with _plain_in(enum, hash), replaced(builtins, "hash", make):
        yield


@contextlib.contextmanager
def _plain_in(module: ModuleType, function: Method) -> Iterator[None]:
    """Let a module call a builtin function as it is: Python looks into the module first."""
    # AutoGraph hashes enums so often that it takes twice the time where each is observed.
    setattr(module, function.__name__, function)
    try:
        yield
    finally:
        vars(module).pop(function.__name__, None)


def _has_text(obj: Any) -> bool:
    if isinstance(obj, tuple):
        return any(_has_text(each) for each in obj)
    return isinstance(obj, (str, bytes))
