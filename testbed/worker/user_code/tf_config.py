"""TF_CONFIG in a worker: whether the program reads it, and the line at which it changes it."""

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


def author_line() -> dict[str, Any]:
    """The author's innermost line, as notes name it: `file` and `line`, which is 0 without one."""
    frame = sys._getframe(1)
    while frame is not None:
        if is_authors(frame.f_code.co_filename):
            return {"file": frame.f_code.co_filename, "line": frame.f_lineno}
        frame = frame.f_back  # type: ignore[assignment]
    return {"file": "", "line": 0}


class _Observed(os._Environ):  # type: ignore[type-arg]
    """`os.environ`, which tells when TF_CONFIG is looked up, set or deleted.

    It takes the place of its class, and not of the object, which other modules may hold.
    """

    told_read: Callable[[], None]
    told_changed: Callable[[], None]
    copied: Iterator[Any] = iter(())
    """The names that whoever lists all of them now looks up, should it copy all values."""

    def __getitem__(self, key: Any) -> Any:
        # Whoever copies everything, as for a child process, does not ask for TF_CONFIG.
        if next(self.copied, None) != key:
            self.copied = iter(())
            if key == NAME:
                self.told_read()
        return super().__getitem__(key)

    def __setitem__(self, key: Any, value: Any) -> None:
        if key == NAME:
            self.told_changed()
        super().__setitem__(key, value)

    def __delitem__(self, key: Any) -> None:
        if key == NAME:
            self.told_changed()
        super().__delitem__(key)

    def __iter__(self) -> Iterator[Any]:
        names = list(super().__iter__())
        self.copied = iter(names)
        return iter(names)

    def pop(self, key: Any, *default: Any) -> Any:
        """As for any mapping: who removes it without looking at it does not read it."""
        try:
            value = super().__getitem__(key)
        except KeyError:
            if default:
                return default[0]
            raise
        del self[key]
        return value


@contextlib.contextmanager
def observed(read: Callable[[], None], changed: Callable[[], None]) -> Iterator[None]:
    """Call these in the block when the program looks TF_CONFIG up, and before it changes it."""
    kind = type(os.environ)
    environment: Any = os.environ
    environment.__class__ = _Observed
    environment.told_read, environment.told_changed = read, changed
    try:
        yield
    finally:
        environment.__class__ = kind
        for name in ("told_read", "told_changed", "copied"):
            vars(environment).pop(name, None)


def content() -> Any:
    """What TF_CONFIG holds; None where it holds nothing, or no JSON."""
    try:
        return json.loads(os.environ.get(NAME, "null"))
    except ValueError:
        return None


def content_for(resolver: Any) -> Any:
    """What TF_CONFIG would hold for the task that a cluster resolver describes.

    Raises:
        NotImplementedError: it may ask a service of the network, which is left to the program.
        ValueError: it describes no task.
    """
    kinds = tf.distribute.cluster_resolver
    if resolver is None:
        resolver = kinds.TFConfigClusterResolver()
    if type(resolver) not in (kinds.TFConfigClusterResolver, kinds.SimpleClusterResolver):
        raise NotImplementedError(type(resolver).__name__)
    cluster = resolver.cluster_spec().as_dict()
    return {"cluster": cluster, "task": {"type": resolver.task_type, "index": resolver.task_id}}
