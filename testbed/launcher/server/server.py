"""The preloaded server: imports the workers' modules once, then forks a worker on request.

It runs in a separate process with a single thread, because a fork copies only the thread that
calls it: a lock that another thread held would stay locked in the worker for ever.

Its arguments are the number of its socket, the wanted isolation, how many descriptors a worker may
have, the `sys.path` of the user's modules (a JSON list, empty where there are none), and the
modules that it imports: first the worker's, then the user's. Requests and answers are JSON, one a
line, on that socket. Neither side waits for the other in a send: see `wire.py`.

    {"op": "start", "worker": KEY, "fresh": false, "log": FILE, "environment": {...},
     "folder": FOLDER, "address": ""}   and with it the worker's end of its channel;
                                        an address, where the worker gets a separate network
    {"op": "signal", "worker": KEY, "signal": 10}
    {"op": "kill", "worker": KEY}       the worker and everything that it started
    {"op": "link", "worker": KEY, "up": false}         unplug its network cable, or plug it in
    {"op": "stacks", "worker": KEY, "file": FILE}      empty FILE; it writes its stacks there
    {"op": "activity", "worker": KEY}                  read its activity

Each request has a `number`. The server answers when it is done, with the result:

    {"event": "did", "number": 7, "found": null}

The other events:

    {"event": "ready", "threads": 1, "seconds": 2.1, "isolation": {...}, "environment": {...}}
    {"event": "failed", "message": "..."}
    {"event": "ended", "worker": KEY, "status": 0, "at": 12.3, "words": ""}
                                        status in waitpid's format; at, on the monotonic clock;
                                        words, where it could not be started
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
import traceback
from pathlib import Path
from typing import Any

from testbed.bootstrap import python_command
from testbed.errors import limit_reached
from testbed.interpreter_end import output_is_lost, run_exit_handlers
from testbed.launcher.cluster import activity
from testbed.launcher.cluster.stacks import STACKS_SIGNAL
from testbed.launcher.isolation import isolation, kernel, network
from testbed.launcher.machine import descriptors, heap, process_tree
from testbed.launcher.server import child, import_path
from testbed.launcher.server.wire import Inbox, Outbox, line_of

ORPHANS_DEADLINE_S = 2.0

NOT_STARTED = 1 << 8
"""The status of a worker that could not be started: waitpid's for an exit code of 1."""

# A terminal and an engine send these to all processes at once. The launching process decides what
# follows from them; this process ends when that one does.
_NOT_ITS_OWN = (signal.SIGINT, signal.SIGTERM)

# A worker handles these signals as any process does that was started in the server's place.
_OF_WORKERS = {number: signal.getsignal(number) for number in _NOT_ITS_OWN}


class Server:
    """Starts workers, watches them, and kills all of them before it ends."""

    def __init__(self, control: socket.socket) -> None:
        control.setblocking(False)
        self._control = control
        self._inbox, self._outbox = Inbox(control), Outbox(control)
        self._workers: dict[int, str] = {}
        self._cables: dict[str, str] = {}
        self._cable_numbers = itertools.count()
        # Only this process uses these; a forked worker closes them.
        self._own: list[socket.socket | selectors.BaseSelector] = [control]

    def serve(self) -> None:
        """Answer requests until the launching process is gone, then end every worker."""
        wakeup, wakeup_writer = socket.socketpair()
        wakeup_writer.setblocking(False)
        signal.set_wakeup_fd(wakeup_writer.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        with selectors.DefaultSelector() as ready:
            self._own += [wakeup, wakeup_writer, ready]
            ready.register(self._control, selectors.EVENT_READ)
            ready.register(wakeup, selectors.EVENT_READ)
            while True:
                for key, events in ready.select():
                    if key.fileobj is wakeup:
                        wakeup.recv(4096)
                        self._reap()
                    elif events & selectors.EVENT_READ and not self._answer():
                        self._end_all()
                        return
                self._flush()
                left = 0 if self._outbox.is_empty else selectors.EVENT_WRITE
                ready.modify(self._control, selectors.EVENT_READ | left)

    def _answer(self) -> bool:
        """Do what the requests ask for; False when the launching process is gone."""
        requests = self._inbox.receive()
        if requests is None:
            return False
        for request in requests:
            found = None
            if request["op"] == "start":
                self._start_or_report(request, self._inbox.take_fd())
            else:
                found = self._do(request)
            self._tell({"event": "did", "number": request["number"], "found": found})
        return True

    def _do(self, request: dict[str, Any]) -> dict[str, Any] | None:
        """Do a request about a worker, and return the result; None if the worker has ended."""
        pid = self._pid_of(request["worker"])
        if pid is None:
            return None
        try:
            if request["op"] == "activity":
                found = activity.activity_of(pid)
                return found.to_json() if found else None
            if request["op"] == "stacks":
                _have_stacks_written(pid, request["file"])
            elif request["op"] == "signal":
                os.kill(pid, request["signal"])
            elif request["op"] == "link":
                kernel.set_link(self._cables[request["worker"]], up=request["up"])
            else:
                process_tree.kill_worker(pid)
        except OSError as problem:
            # For the log: a failure for one worker must not end all the others.
            print(f"{request['op']}, worker {pid}: {problem}", file=sys.stderr, flush=True)
        return None

    def _pid_of(self, key: str) -> int | None:
        return next((pid for pid, known in self._workers.items() if known == key), None)

    def _start_or_report(self, request: dict[str, Any], fd: int | None) -> None:
        """Start a worker, or report why the machine does not allow one more."""
        if fd is None:
            self._tell_end(request["worker"], NOT_STARTED, "this process has too many descriptors")
            return
        try:
            self._start(request, fd)
        except OSError as problem:
            words = f"it could not be started: {limit_reached(problem) or problem}"
            if (pid := self._pid_of(request["worker"])) is not None:
                # Forked, but without its network.
                del self._workers[pid]
                process_tree.kill_worker(pid)
            self._tell_end(request["worker"], NOT_STARTED, words)
        finally:
            os.close(fd)

    def _start(self, request: dict[str, Any], fd: int) -> None:
        parent = os.getpid()
        with self._network(request):
            pid = os.fork()
            if pid == 0:
                self._in_child(request, fd, parent)
            self._workers[pid] = request["worker"]

    def _network(self, request: dict[str, Any]) -> contextlib.AbstractContextManager[None]:
        """The network that a worker is forked in: the run's, or a separate one."""
        if not request["address"]:
            return contextlib.nullcontext()
        cable = self._cables[request["worker"]] = f"cable{next(self._cable_numbers)}"
        return network.own_network(request["address"], cable)

    def _in_child(self, request: dict[str, Any], fd: int, parent: int) -> None:
        try:
            process_tree.die_with_parent(parent)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for number, handler in _OF_WORKERS.items():
                signal.signal(number, handler)
            for mine in self._own:
                mine.close()
            child.become_worker(request["log"], request["environment"], request["folder"])
            if request["fresh"]:
                os.set_inheritable(fd, True)
                os.execv(sys.executable, python_command(child.__name__, str(fd)))
            child.follow_orders(fd)
        except BaseException as problem:
            words = f"it could not start: {problem!r}"
            # Its log may not be open yet, and its channel may have no reader any more.
            for target, data in ((2, f"{words}\n".encode()), (fd, line_of({"words": words}))):
                with contextlib.suppress(OSError):
                    os.write(target, data)
        finally:
            os._exit(1)

    def _reap(self) -> None:
        """Collect all ended children, and end the processes that ended workers left running."""
        ended = []
        while (pid_status := _collected()) is not None:
            key = self._workers.pop(pid_status[0], None)
            if key is not None:
                process_tree.kill_group(pid_status[0])
                ended.append((key, pid_status[1]))
        if ended:
            self._end_orphans()
        for key, status in ended:
            self._tell_end(key, status)

    def _tell_end(self, key: str, status: int, words: str = "") -> None:
        details = {"worker": key, "status": status, "at": time.monotonic(), "words": words}
        self._tell({"event": "ended", **details})

    def _end_orphans(self) -> None:
        """End all orphans; ending one may make more of them."""
        deadline = (
            time.monotonic()
            + ORPHANS_DEADLINE_S
            + process_tree.EACH_S * len(process_tree.children())
        )
        while (orphans := self._orphans()) and (left := deadline - time.monotonic()) > 0:
            process_tree.end_children(orphans, left)

    def _orphans(self) -> list[int]:
        """Adopted processes that do not belong to a running worker."""
        return [
            pid
            for pid in process_tree.children()
            if pid not in self._workers and process_tree.session_of(pid) not in self._workers
        ]

    def _end_all(self) -> None:
        for pid in self._workers:
            process_tree.kill_worker(pid)
        self._workers.clear()
        self._end_orphans()

    def _tell(self, event: dict[str, Any]) -> None:
        self._outbox.put(line_of(event))

    def _flush(self) -> None:
        # Where the launching process is gone, serve() sees that next and ends every worker.
        with contextlib.suppress(OSError):
            self._outbox.flush()


def _collected() -> tuple[int, int] | None:
    """Collect an ended child: its pid and status; None if there is none."""
    try:
        pid, status = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return None
    return (pid, status) if pid else None


def _have_stacks_written(pid: int, file: str) -> None:
    """Request a worker's stacks, unless its program has taken the signal or the file."""
    ready = activity.catches(pid, STACKS_SIGNAL) and activity.holds_open(pid, file)
    with contextlib.suppress(OSError):
        os.truncate(file, 0)
        if ready:
            os.kill(pid, STACKS_SIGNAL)


def main(control_fd: int, wanted: str, usual: int, path: list[str], preload: list[str]) -> None:
    """Enter the run's namespaces, import `preload`, report that, and serve."""
    control = socket.socket(fileno=control_fd)
    descriptors.allow(usual)
    heap.hide_request()
    for number in _NOT_ITS_OWN:
        signal.signal(number, signal.SIG_IGN)
    entered = isolation.enter(wanted)
    if not entered.processes:
        _die_while_importing(control)
    process_tree.adopt_orphans()
    began = time.monotonic()
    # Imports make objects that live on. The collector would search them again and again, and the
    # little garbage among them is not worth a search either.
    gc.disable()
    try:
        for module in preload[:1]:
            importlib.import_module(module)
        if path:
            import_path.set_path(path, keep={"testbed", *sys.stdlib_module_names})
        for module in preload[1:]:
            importlib.import_module(module)
    except Exception as problem:
        traceback.print_exc()
        message = f"could not import: {type(problem).__name__}: {problem}"
        control.sendall(line_of({"event": "failed", "message": message}))
        return
    # Objects that the collector never visits stay in pages that all workers share.
    gc.freeze()
    gc.enable()
    threads = sum(1 for _ in Path("/proc/self/task").iterdir())
    seconds = time.monotonic() - began
    if not entered.processes:
        # From here on the socket shows the end of the launching process: the server must then
        # end its workers, and not just die.
        kernel.prctl(kernel.PR_SET_PDEATHSIG, 0)
    ready = {"event": "ready", "threads": threads, "seconds": seconds}
    known = {"isolation": entered.to_json(), "environment": dict(os.environ)}
    control.sendall(line_of({**ready, **known}))
    Server(control).serve()


def _die_while_importing(control: socket.socket) -> None:
    """Let the kernel end this process with its parent: an import does not read the socket."""
    process_tree.die_with_parent(os.getppid())
    if select.select([control], [], [], 0)[0]:
        # The launching process has sent no request yet, so this is the end of the socket.
        os._exit(1)


if __name__ == "__main__":
    number, isolated, most_descriptors, user_path, *modules = sys.argv[1:]
    main(int(number), isolated, int(most_descriptors), json.loads(user_path), modules)
    # The launching process waits for this end; to destroy TensorFlow's modules takes 0.1 s.
    run_exit_handlers()
    output_is_lost()
    os._exit(0)
