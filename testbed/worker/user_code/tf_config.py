"""Observes in a worker whether the program reads TF_CONFIG, and the line that changes it."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf

from testbed.worker.watching.stack import is_authors

NAME = "TF_CONFIG"

ConfigChange = Callable[[str | None], None]
"""Called before TF_CONFIG gets this value, or before it is removed (None)."""


def unobserved(_: str | None) -> None:
    """Ignore a change of TF_CONFIG."""


def author_line() -> dict[str, Any]:
    """The user's innermost line, in the form of notes: `file` and `line`; line 0 if none."""
    frame = sys._getframe(1)
    while frame is not None:
        if is_authors(frame.f_code.co_filename):
            return {"file": frame.f_code.co_filename, "line": frame.f_lineno}
        frame = frame.f_back  # type: ignore[assignment]
    return {"file": "", "line": 0}


class _Observed(os._Environ):  # type: ignore[type-arg]
    """The class of `os.environ` that reports when TF_CONFIG is looked up, set or deleted.

    It replaces the class and not the object, because other modules may hold the object.
    """

    on_read: Callable[[], None]
    on_change: ConfigChange
    copied: Iterator[Any] = iter(())
    """The names that follow in a copy: code that lists all names may next look up each value."""

    def __getitem__(self, key: Any) -> Any:
        # A copy of all variables, as for a child process, is not a read of TF_CONFIG.
        if next(self.copied, None) != key:
            self.copied = iter(())
            if key == NAME:
                self.on_read()
        return super().__getitem__(key)

    def __setitem__(self, key: Any, value: Any) -> None:
        if key == NAME:
            self.on_change(value)
        super().__setitem__(key, value)

    def __delitem__(self, key: Any) -> None:
        if key == NAME:
            self.on_change(None)
        super().__delitem__(key)

    def __iter__(self) -> Iterator[Any]:
        names = list(super().__iter__())
        self.copied = iter(names)
        return iter(names)

    def pop(self, key: Any, *default: Any) -> Any:
        """Remove a variable as from any mapping; removing TF_CONFIG does not count as a read."""
        try:
            value = super().__getitem__(key)
        except KeyError:
            if default:
                return default[0]
            raise
        del self[key]
        return value


@contextlib.contextmanager
def observed(read: Callable[[], None], changed: ConfigChange) -> Iterator[None]:
    """In the block, call `read` when the program reads TF_CONFIG, `changed` before a change."""
    kind = type(os.environ)
    environment: Any = os.environ
    environment.__class__ = _Observed
    environment.on_read, environment.on_change = read, changed
    try:
        yield
    finally:
        environment.__class__ = kind
        for name in ("on_read", "on_change", "copied"):
            vars(environment).pop(name, None)


def content() -> Any:
    """The content of TF_CONFIG; None if it is unset or not JSON."""
    try:
        return json.loads(os.environ.get(NAME, "null"))
    except ValueError:
        return None


def content_for(resolver: Any) -> Any:
    """The content of TF_CONFIG for the task that a cluster resolver describes.

    Raises:
        TypeError: the resolver may ask a network service; only the program may do so.
        ValueError: the resolver describes no task.
    """
    kinds = tf.distribute.cluster_resolver
    if resolver is None:
        resolver = kinds.TFConfigClusterResolver()
    if type(resolver) not in (kinds.TFConfigClusterResolver, kinds.SimpleClusterResolver):
        raise TypeError(f"{type(resolver).__name__} may ask a network service")
    cluster = resolver.cluster_spec().as_dict()
    return {"cluster": cluster, "task": {"type": resolver.task_type, "index": resolver.task_id}}
