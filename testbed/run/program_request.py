"""The request to run the user's program as a cluster, from the options of a command."""

from __future__ import annotations

import contextlib
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from testbed.cli.declarations.shared import ProgramDeadlineOptions, ProgramOptions
from testbed.cluster.strategies import Deployment
from testbed.errors import UsageError
from testbed.hosts.role import Role
from testbed.launcher.interpreter.interpreter import interpreter_path
from testbed.launcher.run_folder import RunFolder
from testbed.orders.own_code import Program
from testbed.run.numbers import deadlines_of
from testbed.run.options import Options
from testbed.run.room import require_room_for
from testbed.run.user_code.cluster_choice import Choice
from testbed.run.user_code.own_code import OwnCodeCluster
from testbed.run.user_code.place import JOINING, own_code_place


class RunsProgram(Protocol):
    """The options of a command that runs the user's program."""

    @property
    def program(self) -> ProgramOptions:
        """The program and its arguments."""

    @property
    def python(self) -> str | None:
        """The interpreter of the workers; None for this one."""

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
        UsageError: a deadline is not above 0, or there is no such interpreter.
    """
    return ProgramRequest(
        program,
        deployment,
        Options(
            device=device,
            python=interpreter_path(options.python),
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
