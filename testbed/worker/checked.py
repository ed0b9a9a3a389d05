"""Runs somebody's own program in a worker and watches it, without changing what it does."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import tensorflow as tf

from testbed.check.seen import Leak, Place, Raised
from testbed.launcher.channel import Channel
from testbed.worker.own_code import own_code, report_and_leave
from testbed.worker.program import outcome
from testbed.worker.statements import storing_statement
from testbed.worker.watch import Watching
from testbed.worker.watcher import Timed, is_authors, watching


def run_checked(orders: dict[str, Any], channel: Channel) -> None:
    """The entry of a worker that runs a program and watches it; orders as of `run_program`."""
    problems: list[BaseException] = []
    with own_code(orders, channel):
        watch = Watching(orders["worker"], orders["replicas_per_worker"])
        timed = Timed(watch)
        with watching(timed):
            report = outcome(orders, problems.append)
        report["watching"] = round(timed.seconds, 3)
        raised = _raised(problems[0]) if problems else None
        report["seen"] = watch.seen(raised, tuple(_leaks())).to_json()
    report_and_leave(orders, channel, report, good=report["code"] == 0)


def _raised(problem: BaseException) -> Raised:
    frames = traceback.extract_tb(problem.__traceback__)
    own = [frame for frame in frames if is_authors(frame.filename) and frame.lineno]
    place = Place(own[-1].filename, own[-1].lineno or 0, own[-1].name) if own else None
    return Raised(type(problem).__name__, str(problem)[:4000], place)


def _leaks() -> Iterator[Leak]:
    """Tensors of finished traces in the author's globals, classes, and objects held there."""
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if not (isinstance(module, ModuleType) and file and is_authors(file)):
            continue
        for name, value in list(vars(module).items()):
            yield from _leaks_of(name, value, file)
            kind = value if isinstance(value, type) else type(value)
            if kind.__module__ == module.__name__ and hasattr(value, "__dict__"):
                for inner, held in list(vars(value).items()):
                    yield from _leaks_of(f"{name}.{inner}", held, file)


def _leaks_of(name: str, value: Any, file: str) -> Iterator[Leak]:
    held = list(value) if isinstance(value, (list, tuple)) else [value]
    for each in held:
        if isinstance(each, tf.Tensor) and tf.is_symbolic_tensor(each):
            yield Leak(name, str(each.name), storing_statement(file, name))
            return
