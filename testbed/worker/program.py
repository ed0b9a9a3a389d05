"""Runs somebody's own program in a worker, as `python program.py` would."""

from __future__ import annotations

import atexit
import contextlib
import os
import random
import runpy
import sys
import threading
import traceback
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import tensorflow as tf

from testbed.launcher.channel import Channel
from testbed.launcher.run_folder import write_json
from testbed.worker.probes import several_cpus_per_worker, telling_when_bound
from testbed.worker.strategy import configure_devices, require_threads

_OURS = str(Path(__file__).resolve().parent.parent)


def run_program(orders: dict[str, Any], channel: Channel) -> None:
    """The entry of a worker that runs a program.

    Orders: `program` (a script's path, or a module's name), `is_module`, `arguments`,
    `replicas_per_worker`, `device`, `worker`, `report`.
    """
    _be_nobodys_twin()
    with _silent():
        require_threads()
        configure_devices(orders["replicas_per_worker"], orders["device"])
    with _several_replicas(orders), _telling_who_joins(channel):
        channel.phase("started")
        report = _outcome(orders)
    channel.phase("finished")
    write_json(Path(orders["report"]), report)
    channel.reported(good=report["code"] == 0)
    channel.wait_for_leave()


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """What TensorFlow complains of while it looks for devices is no output of the program."""
    kept = os.dup(2)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _be_nobodys_twin() -> None:
    """Forget the random state that all forked workers have from their server."""
    random.seed()
    numpy.random.seed()


def _several_replicas(orders: dict[str, Any]) -> contextlib.AbstractContextManager[None]:
    if orders["device"] == "cpu" and orders["replicas_per_worker"] > 1:
        return several_cpus_per_worker(orders["worker"], orders["replicas_per_worker"])
    return contextlib.nullcontext()


@contextlib.contextmanager
def _telling_who_joins(channel: Channel) -> Iterator[None]:
    """Tell when a strategy of several workers is made, and when all of them have met."""
    strategy = tf.distribute.MultiWorkerMirroredStrategy
    original = strategy.__init__

    def join(self: Any, *args: Any, **kwargs: Any) -> None:
        channel.phase("joining")
        original(self, *args, **kwargs)
        channel.phase("joined")

    strategy.__init__ = join
    try:
        with telling_when_bound(lambda: channel.phase("bound")):
            yield
    finally:
        strategy.__init__ = original


def _outcome(orders: dict[str, Any]) -> dict[str, Any]:
    """Run the program to its end, with all that an interpreter does then."""
    raised = ""
    try:
        _run(orders["program"], orders["arguments"], is_module=orders["is_module"])
        code = 0
    except SystemExit as leaving:
        code = _code_of(leaving)
    except BaseException as problem:
        code, raised = 1, _show(problem)
    with contextlib.suppress(Exception):
        # What is not a daemon is waited for; then what was registered for the end is run.
        for thread in threading.enumerate():
            if thread is not threading.current_thread() and not thread.daemon:
                thread.join()
        atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    return {"code": code, "raised": raised}


def _run(program: str, arguments: list[str], *, is_module: bool) -> None:
    """Make the program `__main__`, as the interpreter does."""
    if is_module:
        # As with -m: the working directory comes first, and argv[0] is the module's file.
        sys.path.insert(0, str(Path.cwd()))
        sys.argv = [program, *arguments]
        runpy.run_module(program, run_name="__main__", alter_sys=True)
        return
    path = Path(program)
    sys.argv = [program, *arguments]
    sys.path.insert(0, str(path.resolve().parent))
    main = types.ModuleType("__main__")
    main.__dict__.update(__file__=str(path.absolute()), __builtins__=__builtins__, __spec__=None)
    sys.modules["__main__"] = main
    exec(compile(path.read_bytes(), str(path.absolute()), "exec"), main.__dict__)


def _code_of(leaving: SystemExit) -> int:
    """The status with which an interpreter ends on sys.exit, which says what is no number."""
    if leaving.code is None:
        return 0
    if isinstance(leaving.code, int):
        return leaving.code & 0xFF
    print(leaving.code, file=sys.stderr)
    return 1


def _show(problem: BaseException) -> str:
    """Print the traceback without the frames that only start the program; its last line."""
    trace = problem.__traceback__
    while trace and _is_machinery(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    traceback.print_exception(type(problem), problem, trace)
    return traceback.format_exception_only(problem)[-1].strip()


def _is_machinery(file: str) -> bool:
    return file.startswith(_OURS) or file == "<frozen runpy>"
