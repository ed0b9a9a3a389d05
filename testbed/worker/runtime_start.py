"""Observes the start of TensorFlow's runtime."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from testbed.worker.watching.library_names import RUNTIME_START

Start = Callable[[Any], None]


@contextlib.contextmanager
def calling_when_bound(call: Callable[[], None]) -> Iterator[None]:
    """Call once the runtime has its devices and, in a cluster, its server listens.

    Private: strategies start the runtime in the middle of their constructors. Without the name,
    the end of the block counts.
    """
    waiting = [call]

    def call_once() -> None:
        while waiting:
            waiting.pop()()

    def make(original: Start) -> Start:
        def ensure_initialized(self: Any) -> None:
            original(self)
            call_once()

        return ensure_initialized

    with _runtime_start(make) as is_seen:
        yield
        if not is_seen:
            call_once()


@contextlib.contextmanager
def calling_when_started(call: Callable[[], None]) -> Iterator[None]:
    """Call when something in the block starts TensorFlow's runtime, before it starts.

    Private: no public call shows that the runtime has started, or what started it. Without the
    name, it is not called.
    """

    def make(original: Start) -> Start:
        def ensure_initialized(self: Any) -> None:
            if not self._initialized:
                # Observing must not change the program: no exception of ours reaches it.
                with contextlib.suppress(Exception):
                    call()
            # Every operation comes here; only the first ones are of interest.
            if type(self).ensure_initialized is ensure_initialized:
                type(self).ensure_initialized = original
            original(self)

        return ensure_initialized

    with _runtime_start(make):
        yield


@contextlib.contextmanager
def _runtime_start(make: Callable[[Start], Start]) -> Iterator[bool]:
    """Replace in the block the method that starts the runtime; yields whether there is one."""
    if not RUNTIME_START.exists:
        yield False
        return
    owner, name = RUNTIME_START.owner()
    original = getattr(owner, name)
    setattr(owner, name, make(original))
    try:
        yield True
    finally:
        setattr(owner, name, original)
