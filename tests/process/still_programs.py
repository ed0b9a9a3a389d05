"""Programs of workers that end early, work, or stand still while others wait."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from testbed.launcher.cluster.stacks import STACKS_SIGNAL
from testbed.launcher.cluster.step_count import StepCount
from testbed.launcher.run_folder import CaseFolder, write_json
from testbed.launcher.server.channel import Channel
from tests.process.orders import PlayOrders, program

# Stands on the stack where TensorFlow would: a frame is known by the name of its file.
IN_A_STEP = "/lib/site-packages/tensorflow/python/distribute/a_collective.py"
WORKS_S = 2.5


def _finish(channel: Channel, steps: int) -> None:
    channel.phase("finished", steps=steps)
    channel.reported(good=True)
    channel.wait_for_leave()


def _begin(orders: PlayOrders, channel: Channel, steps: int) -> Any:
    """Join, begin steps, and have a file that worker 0 keeps locked for as long as it lives."""
    held = Path(orders.report).with_name("held").open("w")
    ready = Path(orders.report).with_name("ready")
    if orders.worker == 0:
        fcntl.flock(held, fcntl.LOCK_EX)
        ready.touch()
    _wait_for(ready)
    channel.phase("started")
    channel.phase("joined")
    count = StepCount()
    for _ in range(steps):
        count.begin()
    return held, count


def _wait_for(file: Path) -> None:
    while not file.exists():
        threading.Event().wait(0.05)


@program
def one_has_more_steps(orders: PlayOrders, channel: Channel) -> None:
    """Worker 0 ends after three steps; the others wait in their fourth until it has left."""
    held, _count = _begin(orders, channel, 3 if orders.worker == 0 else 4)
    if orders.worker:
        wait = compile("fcntl.flock(held, fcntl.LOCK_SH)", IN_A_STEP, "exec")
        exec(wait, {"fcntl": fcntl, "held": held})
    _finish(channel, 3 if orders.worker == 0 else 4)


@program
def one_works_longer(orders: PlayOrders, channel: Channel) -> None:
    """Worker 0 ends; worker 1 goes on with work, and writes down whether worker 0 has left."""
    held, _count = _begin(orders, channel, 1)
    if orders.worker:
        WORK[orders.work](channel)
        try:
            fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
            write_json(Path(orders.report), "gone")
        except BlockingIOError:
            write_json(Path(orders.report), "there")
    _finish(channel, 1)


def _compute(_: Channel) -> None:
    end = time.monotonic() + WORKS_S
    while time.monotonic() < end:
        sum(range(10_000))


def _compute_in_a_child(_: Channel) -> None:
    code = f"import time\nend = time.monotonic() + {WORKS_S}\nwhile time.monotonic() < end: pass"
    subprocess.run([sys.executable, "-c", code], check=True)


def _now_and_then(act: Callable[[int], object]) -> None:
    end = time.monotonic() + WORKS_S
    number = 0
    while time.monotonic() < end:
        number += 1
        act(number)
        threading.Event().wait(0.1)


WORK: dict[str, Callable[[Channel], None]] = {
    "computes": _compute,
    "computes in a child": _compute_in_a_child,
    "prints": lambda _: _now_and_then(print),
    "tells phases": lambda channel: _now_and_then(lambda n: channel.phase(f"epoch {n}")),
}


@program
def wait_here_and_there(orders: PlayOrders, channel: Channel) -> None:
    """All wait for the file `first`, then elsewhere for `second`, and report."""
    _begin(orders, channel, 0)
    _wait_first(Path(orders.report))
    _wait_second(Path(orders.report))
    _finish(channel, 0)


def _wait_first(report: Path) -> None:
    while not report.with_name("first").exists():
        threading.Event().wait(0.05)


def _wait_second(report: Path) -> None:
    while not report.with_name("second").exists():
        threading.Event().wait(0.05)


@program
def use_what_is_ours(orders: PlayOrders, channel: Channel) -> None:
    """Worker 0 takes the signal away, worker 1 the stacks file, whose number its own file gets."""
    _begin(orders, channel, 0)
    own = Path(orders.report).with_name(f"own-{orders.worker}")
    if orders.worker == 0:
        # As in a program that has executed another one.
        signal.signal(STACKS_SIGNAL, signal.SIG_DFL)
    else:
        stacks = str(CaseFolder(Path(orders.report).parent).stacks(orders.worker))
        number = next(each for each in _open_numbers() if _is_open_as(each, stacks))
        os.dup2(os.open(own, os.O_WRONLY | os.O_CREAT), number)
        os.write(number, b"mine")
    _wait_for(Path(orders.report).with_name("first"))
    _finish(channel, 0)


def _open_numbers() -> list[int]:
    return [int(each.name) for each in Path("/proc/self/fd").iterdir()]


def _is_open_as(number: int, file: str) -> bool:
    with contextlib.suppress(OSError):
        return os.path.samestat(os.fstat(number), Path(file).stat())
    return False
