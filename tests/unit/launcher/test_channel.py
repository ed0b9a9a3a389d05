"""The channel of a worker, whose program can do anything to its descriptors."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.launcher.server import channel
from testbed.launcher.server.channel import Channel

# More than a program closes that closes "all" descriptors up to a number that it has thought of.
MANY = 256


@pytest.fixture
def launching(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The other end of a channel."""
    monkeypatch.setattr(channel, "_channels", [])
    ours, theirs = socket.socketpair()
    with ours:
        ours.setblocking(False)
        Channel(theirs.detach())
        yield ours


def test_a_channel_keeps_out_of_the_way(launching: socket.socket) -> None:
    """Whoever closes the first few hundred descriptors does not close the channel."""
    (opened,) = channel._channels
    assert opened._socket.fileno() > MANY
    opened.phase("here")
    assert b'"here"' in launching.recv(4096)


def test_what_takes_its_number_is_left_alone(launching: socket.socket, tmp_path: Path) -> None:
    """Nothing is written to a file that has the number of a channel that was closed."""
    (opened,) = channel._channels
    number = opened._socket.fileno()
    with (tmp_path / "own").open("w+b") as file:
        os.dup2(file.fileno(), number)
        opened.phase("somewhere")
        opened.reported(good=True)
        opened.wait_for_leave()
        os.close(number)
    assert (tmp_path / "own").read_bytes() == b""
    assert launching.recv(4096) == b""
    opened.phase("nowhere")


def test_nobody_waits_for_a_launcher_that_is_gone(launching: socket.socket) -> None:
    """A worker whose launching process is gone neither waits nor fails."""
    (opened,) = channel._channels
    launching.close()
    opened.phase("alone")
    opened.wait_for_leave()
    with pytest.raises(ConnectionError):
        opened.wait_for_turn()
    opened.hold_at("held")
    with pytest.raises(ConnectionError):
        opened.phase("held")


def test_a_forked_process_tells_nothing(launching: socket.socket) -> None:
    """What a program forks does not speak for its worker."""
    (opened,) = channel._channels
    child = os.fork()
    if child == 0:
        opened.phase("of the child")
        opened.wait_for_leave()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    with pytest.raises(BlockingIOError):
        launching.recv(4096)
