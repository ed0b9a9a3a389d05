"""The orders of the programs of these tests, which are entries of workers."""

from collections.abc import Callable
from dataclasses import dataclass

from testbed.launcher.entry import Entry
from testbed.launcher.server.channel import Channel

Run = Callable[["PlayOrders", Channel], None]


@dataclass(frozen=True)
class PlayOrders:
    """What a program of these tests may need; most need their number and their report alone."""

    worker: int = 0
    report: str = ""
    more: str = ""
    group: str = ""
    """The folder of a control group."""
    hosts: tuple[str, ...] = ()
    """The address of each worker."""
    ready: str = ""
    """A file that one worker makes for another."""
    stay_at: str = ""
    """The phase to stay at."""
    marker: str = ""
    """A file that a worker makes when it stays."""
    host: str = "0.0.0.0"
    port: int = 0
    lingering: int = 0
    """The worker that stays although it may leave."""
    work: str = ""
    """A name of `tests.process.still_programs.WORK`."""


def entry_of(name: str, module: str = "tests.process.programs") -> Entry[PlayOrders]:
    """The entry of a program, by its name."""
    return Entry(f"{module}:{name}", PlayOrders)


def program(run: Run) -> Run:
    """Make a function a program: a decorator."""
    return entry_of(run.__name__, run.__module__).implementation(run)
