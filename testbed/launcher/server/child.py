"""The first steps of a worker process, forked or fresh: sets it up, then runs its orders."""

from __future__ import annotations

import contextlib
import faulthandler
import importlib
import os
import sys
import traceback

from testbed.launcher.cluster.stacks import STACKS_SIGNAL
from testbed.launcher.entry import Envelope, implementation_of
from testbed.launcher.server.channel import Channel
from testbed.launcher.server.kept_descriptors import moved_out_of_the_way


def become_worker(log: str, environment: dict[str, str | None], folder: str) -> None:
    """Set up a separate session, a log, an environment and a working folder."""
    os.setsid()
    _write_output_to(log)
    os.chdir(folder)
    for name, value in environment.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def follow_orders(fd: int) -> None:
    """Read the envelope, run the entry that it names, and end; never returns."""
    code = 1
    channel = Channel(fd)
    try:
        envelope = Envelope.from_line(channel.first_line())
        channel.hold_at(envelope.hold_at)
        channel.phase("forked")
        # Kept open for the life of the process: a blocked worker cannot open files any more.
        how = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND
        stacks = os.open(envelope.stacks, how, 0o644)
        faulthandler.register(STACKS_SIGNAL, file=moved_out_of_the_way(stacks), all_threads=True)
        faulthandler.enable()
        assignment = envelope.assignment
        importlib.import_module(assignment.entry.partition(":")[0])
        implementation_of(assignment.entry)(assignment.orders, channel)
        code = 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
        _say(channel, f"it left by sys.exit({leaving.code!r})")
    except BaseException as problem:
        # The channel comes first: the log's disk may be full.
        _say(channel, "".join(traceback.format_exception_only(problem)).strip())
        with contextlib.suppress(OSError):
            traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            # A program may have closed or replaced them.
            with contextlib.suppress(Exception):
                stream.flush()
        # Exit handlers do not run: TensorFlow's take long, and the parent's are not for a worker.
        os._exit(code)


def _say(channel: Channel, words: str) -> None:
    """Send the last words, if the launching process still listens."""
    with contextlib.suppress(OSError):
        channel.last_words(words.splitlines()[0] if words else "")


def _write_output_to(log: str) -> None:
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    os.close(nothing)
    for stream in (sys.stdout, sys.stderr):
        # Line by line, so that the log is live and a killed worker loses nothing.
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]


if __name__ == "__main__":
    follow_orders(int(sys.argv[1]))
