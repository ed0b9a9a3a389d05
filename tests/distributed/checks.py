"""Checks of programs for tests: one preloaded server for all of them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from testbed.check.run import MODULE, Checked, check_program
from testbed.devices import Devices
from testbed.launcher.cluster_run import Deadlines
from testbed.launcher.run_folder import new_run_folder
from testbed.own_code_run import JOINING, Place
from testbed.program_run import Program
from testbed.runner import open_server
from testbed.strategies import Deployment


class Check(Protocol):
    """Checks a program on a deployment, within so many seconds."""

    def __call__(
        self, program: Program, deployment: Deployment, seconds: float, *, fresh: bool = False
    ) -> Checked:
        """Check it; `fresh` as for `testbed check`."""


@contextlib.contextmanager
def checks(folder: Path) -> Iterator[Check]:
    """What checks a program on a deployment, within so many seconds."""
    loop = asyncio.new_event_loop()
    with new_run_folder(folder / "runs") as runs:
        opened = open_server(runs, fresh=False, module=MODULE, exact=False)
        server = loop.run_until_complete(opened.__aenter__())

        def check(
            program: Program, deployment: Deployment, seconds: float, *, fresh: bool = False
        ) -> Checked:
            case = runs.case(" ".join([program.name, *program.arguments, str(deployment)]))
            place = Place(server, deployment, Devices(), case, fresh, None)
            deadlines = Deadlines(min(seconds, 30), seconds, JOINING)
            return loop.run_until_complete(check_program(place, program, deadlines))

        try:
            yield check
        finally:
            loop.run_until_complete(opened.__aexit__(None, None, None))
            loop.close()
