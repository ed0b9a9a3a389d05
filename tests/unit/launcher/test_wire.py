"""Messages on a socket: whole, in order, with their descriptors, and nobody blocks."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from testbed.launcher.server.wire import Inbox, Outbox, line_of

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def ends() -> Iterator[Pair]:
    """Both ends of a connection that takes little at once."""
    here, there = socket.socketpair()
    here.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    here.setblocking(False)
    there.setblocking(False)
    with here, there:
        yield here, there


def received(outbox: Outbox, inbox: Inbox, count: int) -> list[dict[str, Any]]:
    """So many messages, each end being served in turn."""
    found: list[dict[str, Any]] = []
    while len(found) < count:
        outbox.flush()
        messages = inbox.receive()
        assert messages is not None
        found += messages
    return found


def test_nobody_waits_in_a_send(ends: Pair) -> None:
    """What the other end does not read yet is kept, however much it is."""
    outbox, inbox = Outbox(ends[0]), Inbox(ends[1])
    sent = [{"number": number, "text": "ü\n" * number} for number in range(500)]
    for message in sent:
        outbox.put(line_of(message))
        outbox.flush()
    assert not outbox.is_empty
    assert received(outbox, inbox, 500) == sent
    assert outbox.is_empty


def test_a_message_of_any_length(ends: Pair) -> None:
    """A message longer than the socket holds arrives whole, and the one behind it."""
    outbox, inbox = Outbox(ends[0]), Inbox(ends[1])
    sent = [{"text": "x" * 2_000_000}, {"text": "y"}]
    for message in sent:
        outbox.put(line_of(message))
    assert received(outbox, inbox, 2) == sent


def test_descriptors_keep_their_order(ends: Pair) -> None:
    """Each message that came with a descriptor finds its own, among those that came with none."""
    outbox, inbox = Outbox(ends[0]), Inbox(ends[1])
    kept = []
    for number in range(60):
        ours, theirs = socket.socketpair()
        kept.append(ours)
        outbox.put(line_of({"number": number, "text": "x" * (number * 37 % 5000)}), theirs)
        outbox.put(line_of({"between": number}))
    for message in received(outbox, inbox, 120):
        if "number" in message:
            fd = inbox.take_fd()
            assert fd is not None
            os.write(fd, str(message["number"]).encode())
            os.close(fd)
    assert [ours.recv(10) for ours in kept] == [str(number).encode() for number in range(60)]
    for ours in kept:
        # The end that was passed on is open nowhere else.
        assert ours.recv(10) == b""
        ours.close()


def test_the_end_is_told(ends: Pair) -> None:
    """The end of the other side is None, also where it left something unread."""
    outbox, inbox = Outbox(ends[0]), Inbox(ends[1])
    outbox.put(line_of({"last": "words"}))
    outbox.flush()
    Outbox(ends[1]).flush()
    ends[1].send(b"nobody reads this\n")
    ends[0].close()
    assert inbox.receive() == [{"last": "words"}]
    assert inbox.receive() is None


def test_what_nobody_reads_any_more_is_dropped(ends: Pair) -> None:
    """When the other end is gone, what was to be sent is dropped, descriptors included."""
    outbox = Outbox(ends[0])
    ours, theirs = socket.socketpair()
    outbox.put(b"x" * 100_000)
    outbox.put(b"y", theirs)
    outbox.flush()
    ends[1].close()
    with pytest.raises(OSError, match=r"Broken pipe|Connection reset"):
        outbox.flush()
    assert outbox.is_empty
    assert ours.recv(10) == b""
    ours.close()
