"""The preloaded server: imports once what workers need, then forks a worker on request.

It runs in a process of its own with a single thread, because a fork copies only the thread that
calls it: a lock that another thread held would stay locked in the worker for ever.

Its arguments are the number of its socket, the isolation that is wanted, and the modules that it
imports. Requests and answers are JSON, one a message, on that socket:

    {"op": "start", "worker": KEY, "fresh": false, "log": FILE, "environment": {...},
     "folder": FOLDER, "address": ""}   and with it the worker's end of its channel;
                                        an address, where the worker gets a network of its own
    {"op": "signal", "worker": KEY, "signal": 10}
    {"op": "kill", "worker": KEY}       the worker and everything that it started
    {"op": "link", "worker": KEY, "up": false}         pull the cable of its network, or plug it in

Each request has a `number`, and is answered when it is done:

    {"event": "did", "number": 7}

What else is told:

    {"event": "ready", "threads": 1, "seconds": 2.1, "isolation": {...}}
    {"event": "failed", "message": "..."}
    {"event": "ended", "worker": KEY, "status": 0, "at": 12.3}
                                        status as waitpid gives it; at, of the monotonic clock
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import itertools
import json
import os
import select
import selectors
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

from testbed.launcher import child, custody, isolation, kernel, network

MESSAGE_BYTES = 65536
ORPHANS_DEADLINE_S = 2.0

# A terminal and an engine send these to all processes at once. What follows from them is for the
# launching process to decide, whose end this one sees.
_NOT_ITS_OWN = (signal.SIGINT, signal.SIGTERM)


class Server:
    """Starts workers, watches them, and outlives none of them."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._workers: dict[int, str] = {}
        self._cables: dict[str, str] = {}
        self._cable_numbers = itertools.count()

    def serve(self) -> None:
        """Answer requests until the launching process is gone, then end every worker."""
        wakeup, wakeup_writer = socket.socketpair()
        wakeup_writer.setblocking(False)
        signal.set_wakeup_fd(wakeup_writer.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        with selectors.DefaultSelector() as ready:
            ready.register(self._control, selectors.EVENT_READ)
            ready.register(wakeup, selectors.EVENT_READ)
            while True:
                for key, _ in ready.select():
                    if key.fileobj is wakeup:
                        wakeup.recv(4096)
                        self._reap()
                    elif not self._answer([wakeup, wakeup_writer]):
                        self._end_all()
                        return

    def _answer(self, own: list[socket.socket]) -> bool:
        data, fds, _, _ = socket.recv_fds(self._control, MESSAGE_BYTES, 1)
        if not data:
            return False
        request = json.loads(data)
        if request["op"] == "start":
            self._start(request, fds[0], own)
        else:
            self._do(request)
        self._tell({"event": "did", "number": request["number"]})
        return True

    def _do(self, request: dict[str, Any]) -> None:
        """Do something to a worker; nothing if it has ended."""
        pid = next((p for p, key in self._workers.items() if key == request["worker"]), None)
        if pid is None:
            return
        if request["op"] == "signal":
            os.kill(pid, request["signal"])
        elif request["op"] == "link":
            kernel.set_link(self._cables[request["worker"]], up=request["up"])
        else:
            custody.kill_worker(pid)

    def _start(self, request: dict[str, Any], fd: int, own: list[socket.socket]) -> None:
        parent = os.getpid()
        with self._network(request):
            pid = os.fork()
            if pid == 0:
                self._in_child(request, fd, own, parent)
        os.close(fd)
        self._workers[pid] = request["worker"]

    def _network(self, request: dict[str, Any]) -> contextlib.AbstractContextManager[None]:
        """The network that a worker is forked in: the run's, or one of its own."""
        if not request["address"]:
            return contextlib.nullcontext()
        cable = self._cables[request["worker"]] = f"cable{next(self._cable_numbers)}"
        return network.own_network(request["address"], cable)

    def _in_child(
        self, request: dict[str, Any], fd: int, own: list[socket.socket], parent: int
    ) -> None:
        try:
            custody.die_with_parent(parent)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            for mine in (self._control, *own):
                mine.close()
            child.become_worker(request["log"], request["environment"], request["folder"])
            if request["fresh"]:
                os.set_inheritable(fd, True)
                command = [sys.executable, "-m", child.__name__, str(fd)]
                os.execv(sys.executable, command)
            child.follow_orders(fd)
        except BaseException as problem:
            # The worker has no voice of its own yet; its log may not be open either.
            os.write(2, f"worker could not start: {problem!r}\n".encode())
        finally:
            os._exit(1)

    def _reap(self) -> None:
        """Collect whoever has ended, and end what an ended worker left running."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            key = self._workers.pop(pid, None)
            if key is not None:
                custody.kill_group(pid)
                self._end_orphans()
                now = time.monotonic()
                self._tell({"event": "ended", "worker": key, "status": status, "at": now})

    def _end_orphans(self) -> None:
        """End all orphans; ending one may make more of them."""
        deadline = time.monotonic() + ORPHANS_DEADLINE_S
        while (orphans := self._orphans()) and (left := deadline - time.monotonic()) > 0:
            custody.end_children(orphans, left)

    def _orphans(self) -> list[int]:
        """Adopted processes that do not belong to a worker that still runs."""
        return [
            pid
            for pid in custody.children()
            if pid not in self._workers and custody.session_of(pid) not in self._workers
        ]

    def _end_all(self) -> None:
        for pid in self._workers:
            custody.kill_worker(pid)
        self._workers.clear()
        self._end_orphans()

    def _tell(self, event: dict[str, Any]) -> None:
        try:
            self._control.send(json.dumps(event).encode())
        except (BrokenPipeError, ConnectionResetError):
            # The launching process is gone; serve() sees that next and ends every worker.
            return


def main(control_fd: int, wanted: str, preload: list[str]) -> None:
    """Move to where the run's processes live, import `preload`, say so, and serve."""
    control = socket.socket(fileno=control_fd)
    for number in _NOT_ITS_OWN:
        signal.signal(number, signal.SIG_IGN)
    entered = isolation.enter(wanted)
    if not entered.processes:
        _die_while_importing(control)
    custody.adopt_orphans()
    began = time.monotonic()
    try:
        for module in preload:
            importlib.import_module(module)
    except Exception as problem:
        message = f"{type(problem).__name__}: {problem}"
        control.send(json.dumps({"event": "failed", "message": message}).encode())
        return
    # Objects that the collector never visits stay in pages that all workers share.
    gc.collect()
    gc.freeze()
    threads = sum(1 for _ in Path("/proc/self/task").iterdir())
    seconds = time.monotonic() - began
    if not entered.processes:
        # From here on the end of the launching process is told by the socket: there is more to do
        # then than to die.
        kernel.prctl(kernel.PR_SET_PDEATHSIG, 0)
    ready = {"event": "ready", "threads": threads, "seconds": seconds}
    control.send(json.dumps({**ready, "isolation": entered.to_json()}).encode())
    Server(control).serve()


def _die_while_importing(control: socket.socket) -> None:
    """Have the kernel end this process with its parent, as an import listens to nobody."""
    custody.die_with_parent(os.getppid())
    if select.select([control], [], [], 0)[0]:
        # Nobody has asked for anything yet, so this is the end of the socket.
        os._exit(1)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
