"""Checks of programs for tests: one preloaded server for all of them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from testbed.check.run import Checked, check_program
from testbed.cluster.devices import Devices
from testbed.cluster.strategies import Deployment
from testbed.launcher.cluster.deadlines import Deadlines
from testbed.launcher.run_folder import RunFolder, new_run_folder
from testbed.launcher.server.source import WorkerServer
from testbed.orders.own_code import RUN_CHECKED, Program
from testbed.run.servers import open_server
from testbed.run.user_code.own_code import OwnCodeCluster
from testbed.run.user_code.place import JOINING
from testbed.run.user_code.program import ProgramEnd, run_program

Ended = TypeVar("Ended")

CPUS = Devices()


class Check:
    """Checks a program on a deployment, within so many seconds."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        server: WorkerServer,
        runs: RunFolder,
        devices: Devices,
    ) -> None:
        self._loop, self._server, self._runs, self._devices = loop, server, runs, devices
        self._cases = 0
        self.output: list[str] = []
        """What each worker of the last program has printed."""

    def __call__(
        self, program: Program, deployment: Deployment, seconds: float, *, fresh: bool = False
    ) -> Checked:
        """Check it; `fresh` as for `testbed check`."""
        place = self._place(f"check {program.name}", program, deployment, fresh=fresh)
        checked = check_program(place, program, _deadlines(seconds))
        return self._read(place, self._loop.run_until_complete(checked))

    def launch(self, program: Program, deployment: Deployment, seconds: float) -> ProgramEnd:
        """Run it as `testbed launch` does, and watch nothing."""
        place = self._place(f"launch {program.name}", program, deployment, fresh=False)
        ended = run_program(place, program, _deadlines(seconds))
        return self._read(place, self._loop.run_until_complete(ended))

    def _place(
        self, name: str, program: Program, deployment: Deployment, *, fresh: bool
    ) -> OwnCodeCluster:
        # By their number, since long names are cut.
        self._cases += 1
        case = self._runs.case(
            " ".join([f"{self._cases}", name, *program.arguments, str(deployment)])
        )
        return OwnCodeCluster(self._server, deployment, self._devices, case, fresh, None)

    def _read(self, place: OwnCodeCluster, ended: Ended) -> Ended:
        logs = [place.folder.log(worker) for worker in range(place.deployment.cluster.workers)]
        self.output = [log.read_text(encoding="utf-8") for log in logs]
        return ended


def _deadlines(seconds: float) -> Deadlines:
    return Deadlines(min(seconds, 60), seconds, JOINING)


@contextlib.contextmanager
def checks(folder: Path, devices: Devices = CPUS) -> Iterator[Check]:
    """What checks programs on these devices, with one server for all of them."""
    loop = asyncio.new_event_loop()
    with new_run_folder(folder / "runs") as runs:
        opened = open_server(runs, fresh=False, module=RUN_CHECKED.module, exact=False)
        server = loop.run_until_complete(opened.__aenter__())
        try:
            yield Check(loop, server, runs, devices)
        finally:
            loop.run_until_complete(opened.__aexit__(None, None, None))
            loop.close()


WRONG = """\
import sys
import tensorflow as tf

steps = tf.Variable(0, dtype=tf.int64, name="steps"){silent}
strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    best = tf.Variable(0.0, name="best")


@tf.function
def train(x):
    def replica():
        number = tf.distribute.get_replica_context().replica_id_in_sync_group
        best.assign(x * tf.cast(number, "float32"))
        steps.assign_add(1)
    strategy.run(replica)


for x in (1.0, 2.0, 3.0):
    train(tf.constant(x))
print("steps", steps.numpy(), sys.argv[1:])
"""
