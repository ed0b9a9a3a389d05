"""Events: the order of their subscribers, and what becomes of their exceptions."""

from __future__ import annotations

import pytest

from testbed.check.observations.watch_failure import WatchFailure
from testbed.worker.watching.events import Event, Events, WatchLog


def raising(problem: str) -> None:
    raise ValueError(problem)


def test_subscribers_are_called_in_the_order_in_which_they_subscribed() -> None:
    """Each gets the arguments of the event, every time it is emitted."""
    event: Event[[str, int]] = Event(WatchLog())
    calls: list[tuple[str, str, int]] = []

    def subscribe(name: str) -> None:
        event.subscribe(name, lambda what, number: calls.append((name, what, number)))

    for name in ("first", "second", "third"):
        subscribe(name)
    event("a", 1)
    event("b", 2)
    assert [call[0] for call in calls] == ["first", "second", "third"] * 2
    assert [call[1:] for call in calls] == [("a", 1)] * 3 + [("b", 2)] * 3


def test_an_exception_stops_neither_the_emitter_nor_later_subscribers() -> None:
    """It is counted under the name of the watcher that raised it."""
    log = WatchLog()
    event: Event[[str]] = Event(log)
    calls: list[str] = []
    event.subscribe("before", calls.append)
    event.subscribe("broken", raising)
    event.subscribe("after", calls.append)
    for _ in range(3):
        event("one")
    event("two")
    assert calls == ["one"] * 6 + ["two"] * 2
    assert log.failures == (
        WatchFailure("broken", "ValueError: one", 3),
        WatchFailure("broken", "ValueError: two", 1),
    )


def test_a_program_s_own_interrupt_is_not_swallowed() -> None:
    """A subscriber's KeyboardInterrupt is meant for the program."""
    log = WatchLog()
    event: Event[[]] = Event(log)

    def interrupted() -> None:
        raise KeyboardInterrupt

    event.subscribe("interrupted", interrupted)
    with pytest.raises(KeyboardInterrupt):
        event()
    assert log.failures == ()


def test_different_problems_are_bounded() -> None:
    """Further problems are counted together, and known ones go on to be counted by themselves."""
    log = WatchLog()
    for number in range(80):
        log.failed("watcher", ValueError(str(number)))
    log.failed("watcher", ValueError("0"))
    assert len(log.failures) == 51
    assert log.failures[0] == WatchFailure("watcher", "ValueError: 0", 2)
    assert log.failures[-1] == WatchFailure("watcher", "further problems", 30)


def test_a_problem_is_told_by_its_first_line_and_not_at_length() -> None:
    """A message may hold a whole dataset."""
    log = WatchLog()
    log.failed("watcher", ValueError("first\nsecond"))
    log.failed("watcher", ValueError("x" * 1000))
    log.failed("watcher", ValueError())
    first, long, empty = (each.problem for each in log.failures)
    assert (first, empty) == ("ValueError: first", "ValueError: ")
    assert len(long) == 200


def test_all_events_share_one_log() -> None:
    """It holds what every watcher raised, and the time that all of them took."""
    events = Events()
    events.scope_left.subscribe("one", raising)
    events.gradient.subscribe("two", lambda *_: raising("gradients"))
    events.scope_left("left")
    events.gradient(None, None, None)
    assert [each.watcher for each in events.log.failures] == ["one", "two"]
    assert events.log.seconds > 0


def test_a_problem_without_a_readable_text_is_counted_by_its_class() -> None:
    """An exception whose text cannot be made does not reach the emitter."""

    class Unreadable(Exception):
        def __str__(self) -> str:
            raise ValueError

    def fail() -> None:
        raise Unreadable

    events = Events()
    events.replica_id_read.subscribe("data", fail)
    events.replica_id_read()
    assert [(each.watcher, each.problem) for each in events.log.failures] == [
        ("data", "Unreadable")
    ]
