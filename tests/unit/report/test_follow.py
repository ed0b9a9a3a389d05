"""What is read of a log that grows: whole lines, byte for byte, and never more than fits."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.report.output import follow
from testbed.report.output.follow import Follower, LogReader


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "worker-0.log"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small limits, so that a test reaches them."""
    monkeypatch.setattr(follow, "READ_BYTES", 16)
    monkeypatch.setattr(follow, "LONGEST_LINE", 64)


def append(log: Path, data: bytes) -> None:
    with log.open("ab") as file:
        file.write(data)


def read(reader: LogReader, *, over: bool = False) -> Iterator[bytes]:
    """All that is new."""
    while (piece := reader.more(over=over)) is not None:
        yield piece


def test_nothing_of_a_log_that_is_not_there(log: Path) -> None:
    """A log that nobody has written yet has nothing new, not even at the end."""
    reader = LogReader(log)
    assert (reader.more(), reader.more(over=True), reader.left) == (None, None, 0)


def test_only_a_line_feed_ends_a_line(log: Path) -> None:
    """What else Python takes for the end of a line stays within it; half a line waits for more."""
    reader = LogReader(log)
    append(log, b"10 %\r20 %\r\x0b\x0c\x1c\xe2\x80\xa8\xff\tdone\r\nhal")
    assert list(read(reader)) == [b"10 %\r20 %\r\x0b\x0c\x1c\xe2\x80\xa8\xff\tdone\r\n"]
    assert reader.left == 3
    append(log, b"f\nlast")
    assert list(read(reader)) == [b"half\n"]
    assert list(read(reader, over=True)) == [b"last"]
    assert reader.left == 0


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("seed", range(20))
def test_everything_is_given_once(log: Path, seed: int) -> None:
    """However a log grows, its pieces are what was printed, and each one ends with a line."""
    draw = random.Random(seed)
    lines = [draw.randbytes(draw.randrange(50)).replace(b"\n", b"") for _ in range(60)]
    printed = b"\n".join(lines)
    reader, pieces, rest = LogReader(log), [], printed
    while rest:
        size = draw.randrange(1, 100)
        append(log, rest[:size])
        rest = rest[size:]
        pieces += [piece for piece in [reader.more()] if piece]
    assert all(piece.endswith(b"\n") for piece in pieces)
    assert b"".join([*pieces, *read(reader, over=True)]) == printed


@pytest.mark.usefixtures("small")
def test_a_line_that_is_too_long_is_cut(log: Path) -> None:
    """Its beginning is shown at once, then how much of it is left out and where it is."""
    reader = LogReader(log)
    append(log, b"before\n" + b"x" * 1000)
    pieces = list(read(reader))
    assert b"".join(pieces) == b"before\n" + b"x" * 64 + b"\n"
    assert max(map(len, pieces)) <= 64 + 16
    append(log, b"y" * 1000 + b"\nafter\n")
    told = b"... 1936 bytes of this line are left out; it is whole in %b\n" % bytes(log)
    assert b"".join(read(reader)) == told + b"after\n"


@pytest.mark.usefixtures("small")
def test_a_line_that_never_ends_is_told_at_the_end(log: Path) -> None:
    """A worker that ends within a line that is too long is shown as far as that goes."""
    append(log, b"x" * 1000)
    shown = b"".join(read(LogReader(log), over=True))
    assert shown.startswith(b"x" * 64 + b"\n... 936 bytes of this line are left out")


@pytest.mark.usefixtures("small")
def test_a_long_progress_bar_is_not_cut(log: Path) -> None:
    """Of what goes back to the beginning of its line nothing is left out."""
    bar = b"".join(b"\r%3d %%" % percent for percent in range(100))
    append(log, bar + b"\n")
    shown = b"".join(read(LogReader(log)))
    assert shown.count(b"\n") > 1
    assert shown.replace(b"\n", b"") == bar


def test_several_logs_take_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that prints much leaves room for the others."""
    monkeypatch.setattr(follow, "READ_BYTES", 4)
    logs = [tmp_path / "0", tmp_path / "1"]
    append(logs[0], b"a\n" * 4)
    append(logs[1], b"b\n")
    follower = Follower(logs)
    assert list(follower.pieces()) == [(0, b"a\na\n"), (1, b"b\n")]
    assert follower.left == 4
    assert list(follower.pieces()) == [(0, b"a\na\n")]
    assert list(follower.pieces()) == []
