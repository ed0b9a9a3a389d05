"""Ranks as an engine starts them: real processes on loopback, and what is left of them."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from testbed.launcher.machine.leftovers import processes_of
from testbed.launcher.run_folder import CaseFolder, RunFolder
from tests.chosen_ports import chosen_ports
from tests.process.a_rank import Asked

ROOT = Path(__file__).resolve().parents[2]
HERE = "127.0.0.1"


def wait_for(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)


class ARank:
    """One process, and what it printed."""

    def __init__(self, process: subprocess.Popen[str], said: Path) -> None:
        self.process = process
        self.pid = process.pid
        self._said = said

    @property
    def said(self) -> str:
        return self._said.read_text()

    def ends(self, seconds: float = 60.0) -> int:
        """Wait until it has ended; its status."""
        return self.process.wait(seconds)

    def kill(self, number: signal.Signals) -> None:
        self.process.send_signal(number)


class Ranks:
    """The ranks of one run; `left` tells what the operating system knows of them."""

    def __init__(self, folder: Path, size: int = 2, meet: float = 30.0, **asked: Any) -> None:
        self.run = RunFolder(folder / "run")
        self.size = size
        self.meet = meet
        self.asked = dataclasses.replace(Asked(), **asked)
        self.all: list[ARank] = []
        self._chosen = contextlib.ExitStack()
        self.ports = self._chosen.enter_context(chosen_ports(size))
        self._outputs = folder

    def environment(self, number: int, **changed: Any) -> dict[str, str]:
        """What the engine would set: a TF_CONFIG."""
        addresses = [f"{HERE}:{port}" for port in self.ports]
        cluster = {"worker": addresses, **changed}
        task = {"type": "worker", "index": number}
        return {"TF_CONFIG": json.dumps({"cluster": cluster, "task": task})}

    def start(
        self,
        number: int,
        environment: dict[str, str] | None = None,
        *,
        prefix: Sequence[str] = (),
        folder: Path | None = None,
        **asked: Any,
    ) -> ARank:
        """Start one; `prefix` is a command that runs it."""
        said = self._outputs / f"said-{len(self.all)}"
        orders = json.dumps(dataclasses.asdict(dataclasses.replace(self.asked, **asked)))
        command = [sys.executable, "-m", "tests.process.a_rank", str(folder or self.run.path)]
        inherited = {name: text for name, text in os.environ.items() if name != "TF_CONFIG"}
        with said.open("w") as output:
            process = subprocess.Popen(
                [*prefix, *command, str(self.meet), orders],
                cwd=ROOT,
                env={**inherited, **(environment or self.environment(number))},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                text=True,
            )
        self.all.append(ARank(process, said))
        return self.all[-1]

    def start_all(self, **how: Any) -> list[ARank]:
        return [self.start(number, **how) for number in range(self.size)]

    def end(self, program: str) -> dict[str, Any]:
        """What came of a cluster."""
        found: dict[str, Any] = json.loads((self.case(program).path / "end.json").read_text())
        return found

    def case(self, program: str) -> CaseFolder:
        return self.run.existing_case(program)

    def report(self, program: str, worker: int) -> Any:
        return json.loads(self.case(program).report(worker).read_text())

    def until_reported(self, program: str, workers: int = 2) -> None:
        """Wait until all workers of a cluster have written their reports."""
        wait_for(lambda: all(self.case(program).report(each).exists() for each in range(workers)))

    @property
    def left(self) -> list[int]:
        """The processes of the run, on whichever of its hosts."""
        top = self.run.path
        return [each.pid for each in processes_of() if top in (each.run, *each.run.parents)]

    def assert_nothing_is_left(self) -> None:
        """No process of the run is left, and none waits in a rendezvous."""
        wait_for(lambda: not self.left, 8)
        assert all(rank.process.poll() is not None for rank in self.all)

    def stop(self) -> None:
        for rank in self.all:
            if rank.process.poll() is None:
                rank.process.kill()
            rank.process.wait(30)
        self._chosen.close()


def end_of(run: RunFolder) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run.end.read_text())
    return found


def refused(started: Ranks, message: str, status: int = 2, *, agents: int = 1) -> None:
    """Worker 0 ends with the message and the status, and so does every other process."""
    first, *others = started.all
    assert (first.ends(), f"testbed: {message}\n" in first.said) == (status, True), first.said
    for other in others:
        assert other.ends() in (1, status)
        assert message in other.said, other.said
    assert end_of(started.run) == {"status": status, "message": message}
    assert not started.run.meeting.exists()


@contextlib.contextmanager
def ranks(folder: Path, size: int = 2, meet: float = 30.0, **asked: Any) -> Iterator[Ranks]:
    """Ranks of one run, each of which has ended when the block has, and left nothing."""
    folder.mkdir(exist_ok=True)
    started = Ranks(folder, size, meet, **asked)
    try:
        yield started
    finally:
        started.stop()
    started.assert_nothing_is_left()
