"""Other plugins of pytest, as far as marked tests cannot leave them to themselves."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from typing import Literal

import pytest

_OWN = {name: getattr(socket, name) for name in ("socket", "getaddrinfo", "gethostbyname")}
"""As they are before any test: plugins replace them for the time of a test."""


@contextlib.contextmanager
def own_sockets() -> Iterator[None]:
    """Give this process its sockets, by which it reaches workers; a test's limits hold in those."""
    limited = {name: getattr(socket, name) for name in _OWN}
    try:
        for name, own in _OWN.items():
            setattr(socket, name, own)
        yield
    finally:
        for name, replaced in limited.items():
            setattr(socket, name, replaced)


def run_plainly(item: pytest.Item, nextitem: pytest.Item | None) -> Literal[True]:
    """Run an item once, in this process, as pytest does without other plugins' protocols."""
    runner = item.config.pluginmanager.get_plugin("runner")
    assert runner is not None, "pytest itself registers it"
    runner.pytest_runtest_protocol(item=item, nextitem=nextitem)
    return True


def notices_of(item: pytest.Function) -> list[str]:
    """What a plugin that a marked test uses does not do for it, in a line each."""
    used = item.config.pluginmanager.has_plugin
    return [
        told for plugin, fixture, told in _LACKING if used(plugin) and fixture in item.fixturenames
    ]


_LACKING = (
    (
        "benchmark",
        "benchmark",
        "pytest-benchmark: what marked tests measure in their workers is not in its table;"
        " `testbed bench` measures clusters",
    ),
)
"""A plugin's name, the fixture by which a test uses it, and what is lacking."""
