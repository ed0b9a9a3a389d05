"""Replaces functions and methods of libraries in a block, so that calls can be observed."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import tensorflow as tf

from testbed.worker.watching.events import Events, WatchLog

Hook = contextlib.AbstractContextManager[None]
Method = Callable[..., Any]

# TensorFlow and Keras leave frames out of tracebacks and messages whose path contains that of
# TensorFlow's Python code; ours do not begin with it. Seen on TensorFlow 2.15 to 2.21 and Keras
# 2.15 to 3.15.
_INTERNAL = f"{Path(__file__).parent}{Path(tf.__file__).parent / 'python'}/{Path(__file__).name}"


@contextlib.contextmanager
def replaced(owner: Any, name: str, make: Callable[[Method], Method]) -> Iterator[None]:
    """Replace a function or method in the block by the result of `make(original)`."""
    original, inherited = getattr(owner, name), name not in vars(owner)
    kept = vars(owner).get(name)
    method = make(original)
    method.__code__ = method.__code__.replace(co_filename=_INTERNAL)
    method = functools.wraps(original)(method)
    setattr(owner, name, staticmethod(method) if isinstance(kept, staticmethod) else method)
    try:
        yield
    finally:
        if inherited:
            delattr(owner, name)
        else:
            setattr(owner, name, kept)


@contextlib.contextmanager
def counted(log: WatchLog, owner: Any, name: str) -> Iterator[None]:
    """Count an exception in the block instead of raising it in the user's program."""
    try:
        yield
    except Exception as problem:
        log.failed(f"the hook of {getattr(owner, '__name__', owner)}.{name}", problem)


def before(events: Events, owner: Any, name: str, observe: Callable[..., None]) -> Hook:
    """Call `observe` before a method, with the same arguments, `self` first."""

    def make(original: Method) -> Method:
        def method(*args: Any, **kwargs: Any) -> Any:
            with counted(events.log, owner, name):
                observe(*args, **kwargs)
            return original(*args, **kwargs)

        return method

    return replaced(owner, name, make)


def after(events: Events, owner: Any, name: str, observe: Callable[..., None]) -> Hook:
    """Call `observe` after a method, with its result and its arguments."""

    def make(original: Method) -> Method:
        def method(*args: Any, **kwargs: Any) -> Any:
            result = original(*args, **kwargs)
            with counted(events.log, owner, name):
                observe(result, *args, **kwargs)
            return result

        return method

    return replaced(owner, name, make)


def owner_of(kind: type, name: str) -> type:
    """The class that defines a method which a class has or inherits."""
    return next(each for each in kind.__mro__ if name in vars(each))
