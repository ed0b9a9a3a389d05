"""Works around other plugins of pytest that do not fit marked tests."""

from __future__ import annotations

import contextlib
import socket
import sys
from collections.abc import Iterator
from typing import Literal

import pytest

_OWN = {name: getattr(socket, name) for name in ("socket", "getaddrinfo", "gethostbyname")}
"""The original functions, before any test: plugins replace them during a test."""


@contextlib.contextmanager
def own_sockets() -> Iterator[None]:
    """Restore the original sockets, which this process needs to reach workers, for the block.

    A plugin's limits on a test's sockets still apply in the workers.
    """
    limited = {name: getattr(socket, name) for name in _OWN}
    try:
        for name, own in _OWN.items():
            setattr(socket, name, own)
        yield
    finally:
        for name, replaced in limited.items():
            setattr(socket, name, replaced)


def leave_assertions() -> None:
    """Let pytest import further modules of this package without rewriting their assertions.

    pytest rewrites those of each plugin's package. Here that changes no message, and takes 0.2 s
    in each session that may not write bytecode. Private: `_must_rewrite`, in pytest 8.3 to 9.2.
    """
    for finder in sys.meta_path:
        getattr(finder, "_must_rewrite", set()).discard("testbed")


def run_plainly(item: pytest.Item, nextitem: pytest.Item | None) -> Literal[True]:
    """Run an item once, in this process, as pytest does without other plugins."""
    runner = item.config.pluginmanager.get_plugin("runner")
    assert runner is not None, "pytest itself registers it"
    runner.pytest_runtest_protocol(item=item, nextitem=nextitem)
    return True


def notices_of(item: pytest.Function) -> list[str]:
    """The limits of plugins that a marked test uses, one line each."""
    used = item.config.pluginmanager.has_plugin
    return [
        notice
        for plugin, fixture, notice in _LACKING
        if used(plugin) and fixture in item.fixturenames
    ]


_LACKING = (
    (
        "benchmark",
        "benchmark",
        "pytest-benchmark: what marked tests measure in their workers is not in its table;"
        " `testbed bench` measures clusters",
    ),
)
"""The name of a plugin, the fixture by which a test uses it, and the notice about its limit."""
