"""Baseline of launching: imports TensorFlow once, then forks workers that all-reduce once.

Each input line is a number of workers. The program launches that many, each of which builds the
strategy, and answers with the seconds it took. It writes no logs and checks no verdicts, so it is
the lower limit for this way of launching.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import time

import tensorflow as tf

from testbed.cluster.cluster import Task, tasks, tf_config


def launch(workers: int) -> float:
    """Seconds from the first fork until every worker has its sum and has exited.

    Raises:
        RuntimeError: a worker failed.
    """
    began = time.monotonic()
    addresses = _free_addresses(workers)
    done, leave = os.pipe(), os.pipe()
    pids = []
    for index in range(workers):
        pid = os.fork()
        if pid == 0:
            config = tf_config(tasks(workers), addresses, Task("worker", index))
            _work(config, workers, done[1], leave[0])
        pids.append(pid)
    os.close(done[1])
    good = b""
    while len(good) < workers and (more := os.read(done[0], workers)):
        good += more
    os.write(leave[1], b"." * workers)
    for pid in pids:
        os.waitpid(pid, 0)
    for fd in (done[0], *leave):
        os.close(fd)
    if good != b"+" * workers:
        raise RuntimeError(f"{workers} workers answered {good!r}")
    return time.monotonic() - began


def _free_addresses(count: int) -> list[str]:
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]


def _work(config: str, workers: int, done: int, leave: int) -> None:
    answer = b"-"
    try:
        os.environ["TF_CONFIG"] = config
        options = tf.distribute.experimental.CommunicationOptions(
            implementation=tf.distribute.experimental.CommunicationImplementation.RING
        )
        total = tf.distribute.MultiWorkerMirroredStrategy(communication_options=options).run(
            lambda: tf.distribute.get_replica_context().all_reduce("sum", tf.constant(1.0))
        )
        answer = b"+" if float(total) == workers else b"-"
    finally:
        os.write(done, answer)
        os.read(leave, 1)
        os._exit(0)


def main() -> None:
    """Answer until the input ends."""
    print(json.dumps({"tensorflow": tf.__version__}), flush=True)
    for line in sys.stdin:
        print(json.dumps({"seconds": launch(int(line))}), flush=True)


if __name__ == "__main__":
    main()
