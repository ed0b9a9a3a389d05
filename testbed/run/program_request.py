"""The request to run the user's program as a cluster, from the options of `launch` or `check`."""

from __future__ import annotations

import contextlib
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from testbed.cli.options.launch import LaunchOptions
from testbed.cli.options.shared import ProgramDeadlineOptions, ProgramOptions
from testbed.cluster.cluster import Cluster
from testbed.cluster.strategies import MULTI_WORKER_MIRRORED, Deployment
from testbed.errors import UsageError
from testbed.hosts.role import Role
from testbed.launcher.run_folder import RunFolder
from testbed.orders.own_code import RUN_PROGRAM, Program
from testbed.run.numbers import deadlines_of, require_at_least
from testbed.run.options import Options
from testbed.run.room import require_room_for
from testbed.run.user_code.cluster_choice import Choice
from testbed.run.user_code.own_code import OwnCodeCluster
from testbed.run.user_code.place import JOINING, own_code_place
from testbed.run.user_code.program import ProgramEnd, run_program

LAUNCHED = "program"
"""The folder of a launched program's logs within the run folder."""

ALONE_DEVICES = 2
"""Logical CPU devices of a program that runs in one process, without --replicas."""


class RunsProgram(Protocol):
    """The options of a command that runs the user's program."""

    @property
    def program(self) -> ProgramOptions:
        """The program and its arguments."""

    @property
    def fresh(self) -> bool:
        """Whether each worker is a new interpreter."""

    @property
    def deadlines(self) -> ProgramDeadlineOptions:
        """How long the program may take."""

    @property
    def isolation(self) -> str:
        """The isolation of the run."""


@dataclass(frozen=True)
class ProgramRequest:
    """A program to run, its cluster, and how."""

    program: Program
    deployment: Deployment
    options: Options
    choice: Choice

    def require_room(self) -> None:
        """Reject a cluster that is too large for this machine.

        Raises:
            UsageError: names the limit, and the largest number that fits.
        """
        how = self.options
        require_room_for([self.deployment], fresh=how.fresh, rank=how.rank)

    def cluster(
        self, folder: RunFolder, module: str, case: str, *, show: bool
    ) -> contextlib.AbstractAsyncContextManager[OwnCodeCluster]:
        """The cluster of the program; for the arguments see `own_code_place`."""
        return own_code_place(
            module, self.deployment, folder, case, self.options, show=show, choice=self.choice
        )

    async def launch(self, folder: RunFolder) -> ProgramEnd:
        """Run the program in every worker, until all have ended or one has failed."""
        async with self.cluster(folder, RUN_PROGRAM.module, LAUNCHED, show=True) as cluster:
            return await run_program(cluster, self.program, self.options.deadlines)


def launch_request_of(options: LaunchOptions, role: Role) -> ProgramRequest:
    """The request that the options of `testbed launch` describe.

    Raises:
        UsageError: the command cannot be carried out as written.
    """
    require_at_least(1, workers=options.workers, replicas=options.replicas)
    workers = role.workers(options.workers)
    devices = 0
    if workers is None:
        # The GPUs of a worker are assigned before it starts.
        devices = options.replicas or (ALONE_DEVICES if options.device == "cpu" else 1)
    choice = Choice(devices, "use --workers 1 --replicas R for one process of R replicas")
    cluster = Cluster(workers or 2, options.replicas or 1)
    program = program_of(options.program, "launch")
    deployment = Deployment(MULTI_WORKER_MIRRORED, cluster)
    return program_request(options, role, program, deployment, choice, device=options.device)


def program_request(
    options: RunsProgram,
    role: Role,
    program: Program,
    deployment: Deployment,
    choice: Choice,
    *,
    device: str,
) -> ProgramRequest:
    """The request for a program on a deployment.

    Raises:
        UsageError: a deadline is not above 0.
    """
    return ProgramRequest(
        program,
        deployment,
        Options(
            device=device,
            fresh=options.fresh,
            deadlines=deadlines_of(options.deadlines, JOINING),
            isolation=options.isolation,
            rank=role.rank,
        ),
        choice,
    )


def program_of(options: ProgramOptions, command: str) -> Program:
    """The program that the options name.

    Raises:
        UsageError: the options name no program, a script that does not exist, or a notebook.
    """
    words = options.module or options.script
    if not words:
        raise UsageError(
            f"no program: testbed {command} [OPTION ...] SCRIPT or -m MODULE, and its arguments"
        )
    name, *arguments = words
    if not options.module and not Path(name).is_file():
        raise UsageError(f"no such script: {name}")
    if not options.module and name.endswith(".ipynb"):
        script = shlex.quote(f"{Path(name).stem}.py")
        raise UsageError(
            f"{name} is a notebook: convert it (jupyter nbconvert --to script {shlex.quote(name)}),"
            f" take out its get_ipython() lines, and {command} {script}"
        )
    return Program(name, tuple(arguments), is_module=bool(options.module))
