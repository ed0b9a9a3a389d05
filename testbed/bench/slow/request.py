"""The request of `testbed bench PROGRAM`, from the options of the command."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from pathlib import Path

from testbed.bench.slow.deployment import first_deployment
from testbed.bench.slow.samples import QUICK, THOROUGH, ProgramEffort
from testbed.cli.options.bench import PARTS, BenchOptions
from testbed.cluster.strategies import Deployment
from testbed.errors import UsageError, choose_from
from testbed.hosts.role import Role
from testbed.launcher.interpreter.interpreter import interpreter_path
from testbed.launcher.machine.machine import describe_machine, usable_cores
from testbed.orders.own_code import Program
from testbed.run.numbers import require_at_least
from testbed.run.options import Options
from testbed.run.program_request import program_of
from testbed.run.room import require_room_for
from testbed.run.user_code.cluster_choice import Choice


@dataclass(frozen=True)
class ProgramBenchRequest:
    """A program to take apart, the largest cluster, and how much time it may take."""

    program: Program
    deployment: Deployment
    """For the first run, before the strategy of the program is known."""
    choice: Choice
    options: Options
    effort: ProgramEffort
    room: int
    """How many cores or GPUs there are, so how many replicas can run at the same time."""

    @property
    def words(self) -> str:
        """The program as it is typed."""
        program = self.program
        return shlex.join([*(["-m"] * program.is_module), program.name, *program.arguments])

    def require_room(self) -> None:
        """Reject a cluster that is too large for this machine.

        Raises:
            UsageError: names the limit, and the largest number that fits.
        """
        require_room_for([self.deployment])


def program_request_of(options: BenchOptions, role: Role) -> ProgramBenchRequest:
    """The request that the options describe.

    Raises:
        UsageError: the command cannot be carried out as written.
    """
    _require_program_alone(options)
    program = program_of(options.program, "bench")
    if role.rank:
        raise UsageError("a program is taken apart on one machine: run it without --engine")
    require_at_least(1, rounds=options.rounds)
    for name in ("workers", "replicas"):
        if getattr(options, name) < 0:
            raise UsageError(f"--{name} {getattr(options, name)}: not below 0")
    effort = QUICK if options.quick else THOROUGH
    room = usable_cores() if options.device == "cpu" else len(describe_machine().gpus)
    deployment, choice = first_deployment(options.workers, options.replicas, room)
    return ProgramBenchRequest(
        program,
        deployment,
        choice,
        Options(
            device=options.device,
            python=interpreter_path(options.python),
            isolation=options.isolation,
        ),
        replace(effort, rounds=options.rounds or effort.rounds),
        room or 1,
    )


def _require_program_alone(options: BenchOptions) -> None:
    """Reject a word that is neither a script nor a part, and parts and plots beside a program."""
    name, *_ = options.program.script or ("",)
    if name and not Path(name).is_file():
        raise UsageError(f"no such script, and no such part: {name}{choose_from(name, [*PARTS])}")
    if options.parts:
        raise UsageError(
            f"{options.parts[0]} is measured without a program: give parts, or one program"
        )
    if options.plots:
        raise UsageError("--plots: a program has no plots; --html PAGE draws its figures")
