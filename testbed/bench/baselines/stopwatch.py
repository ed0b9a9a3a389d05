"""Times a small program on a cluster, started by hand or by the command.

Usage: `python -m testbed.bench.baselines.stopwatch HOW FOLDER ISOLATION PYTHON`.

HOW is `by_hand`, one interpreter with a TF_CONFIG for each worker, or `testbed_launch`, the whole
command. PYTHON is the interpreter of the program. Each input line is a number of workers. The
answer is the seconds from just before the first process starts until the last one has ended.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import portpicker

from testbed.bootstrap import python_command
from testbed.cluster.cluster import Task, tasks, tf_config
from testbed.launcher.machine import process_tree

HELLO = Path(__file__).parents[1] / "programs" / "hello.py"
DEADLINE_S = 50.0
END_S = 2.0

COMMAND = "testbed_launch"

# Without a launcher, a worker that exits first may break the others, which still need it.
TRIES = 3


def by_hand(workers: int, folder: str, python: str = sys.executable) -> float:
    """Seconds of one interpreter for each worker, started at once, each with its TF_CONFIG."""
    addresses = [f"127.0.0.1:{portpicker.pick_unused_port()}" for _ in range(workers)]
    configs = [
        tf_config(tasks(workers), addresses, Task("worker", index)) for index in range(workers)
    ]
    commands = [([python, str(HELLO)], {"TF_CONFIG": config}) for config in configs]
    return _seconds(commands, workers, folder)


def by_command(workers: int, folder: str, isolation: str, python: str) -> float:
    """Seconds of `testbed launch`, including its output and files."""
    options = ["--workers", str(workers), "--isolation", isolation, "--python", python]
    command = python_command("testbed", "launch", *options, str(HELLO))
    return _seconds([(command, {})], workers, folder)


def _seconds(commands: list[tuple[list[str], dict[str, str]]], workers: int, folder: str) -> float:
    """Run all commands at once in the folder, and return the seconds.

    Raises:
        RuntimeError: a worker did not print its hello in time; with the last line of the output.
    """
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        running = [
            stack.enter_context(_running(command, more, folder)) for command, more in commands
        ]
        texts = []
        for process in running:
            left = began + DEADLINE_S - time.monotonic()
            with contextlib.suppress(subprocess.TimeoutExpired):
                texts.append(process.communicate(timeout=max(left, 0.0))[0])
        seconds = time.monotonic() - began
        ended_well = all(process.returncode == 0 for process in running)
    said = "".join(texts)
    if not ended_well or said.count(f"hello from {workers} workers") != workers:
        raise RuntimeError((said.strip().splitlines() or ["it said nothing"])[-1])
    return seconds


@contextlib.contextmanager
def _running(
    command: list[str], more: dict[str, str], folder: str
) -> Iterator[subprocess.Popen[str]]:
    """Start a command; it is killed at the end of the block, or if this process dies."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **more},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        preexec_fn=functools.partial(process_tree.die_with_parent, os.getpid()),
    )
    try:
        yield process
    finally:
        # The command waits for its workers to end. A worker by hand may ignore SIGTERM.
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=END_S)
        process.kill()
        process.communicate()


def main(how: str, folder: str, isolation: str, python: str) -> None:
    """Answer each input line with the seconds or with an error, until the input ends."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    process_tree.die_with_parent(os.getppid())
    print(json.dumps({"how": how}), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(how, int(line), folder, isolation, python)), flush=True)


def answer(
    how: str, workers: int, folder: str, isolation: str, python: str = sys.executable
) -> dict[str, object]:
    """Measure once; return the seconds, or the error."""
    attempt, tries = functools.partial(by_hand, workers, folder, python), TRIES
    if how == COMMAND:
        attempt, tries = functools.partial(by_command, workers, folder, isolation, python), 1
    wrong = ""
    for _ in range(tries):
        try:
            return {"seconds": attempt()}
        except RuntimeError as problem:
            wrong = str(problem)
    return {"wrong": wrong}


if __name__ == "__main__":
    main(*sys.argv[1:])
