"""`testbed launch`: run a user's program as a cluster on this machine."""

from __future__ import annotations

import sys
from pathlib import Path

from testbed.check.known_errors.matching import known
from testbed.cli.commands.run import deadlines_of, run_folder, workers_of
from testbed.cli.options.launch import LaunchOptions
from testbed.cli.options.shared import ProgramOptions
from testbed.cluster.cluster import Cluster
from testbed.cluster.strategies import Deployment
from testbed.errors import UsageError
from testbed.hosts.role import Role
from testbed.launcher.run_folder import RunFolder
from testbed.orders.own_code import RUN_PROGRAM, Program
from testbed.report.records.program import recorded
from testbed.run.options import Options
from testbed.run.room import require_room_for
from testbed.run.user_code.cluster_choice import Choice
from testbed.run.user_code.place import JOINING, own_code_place
from testbed.run.user_code.program import ProgramEnd, run_program
from testbed.signals import interruptible
from testbed.terminal import complain

CASE = "program"
"""The folder of the program's logs within the run folder."""

ALONE_DEVICES = 2
"""Logical CPU devices of a program that runs in one process, without --replicas."""


def require_valid(options: LaunchOptions, role: Role) -> None:
    """Reject options that `main` would reject, before a job waits in a queue."""
    program_of(options.program, "launch"), _deployment(options, role)
    deadlines_of(options.deadlines, JOINING)


def main(options: LaunchOptions, role: Role) -> int:
    """Run the program that the options name, and return its exit code."""
    program, deployment = program_of(options.program, "launch"), _deployment(options, role)
    how, choice = _options(options, role), _choice(options, role)
    require_room_for([deployment], fresh=how.fresh, rank=how.rank)
    with (
        run_folder(role) as folder,
        recorded(folder, sys.argv[1:], CASE, deployment) as ended,
    ):
        end = interruptible(_launch(program, deployment, folder, how, choice))
        ended(end.code, end.cause)
        if end.cause:
            complain(f"{end.cause}; logs: {folder.case(CASE).path}")
        if end.error and (match := known(end.error)):
            complain(f"{match.cause}; what to do: testbed explain {match.error.slug}")
    return end.code


async def _launch(
    program: Program, deployment: Deployment, folder: RunFolder, options: Options, choice: Choice
) -> ProgramEnd:
    async with own_code_place(
        RUN_PROGRAM.module, deployment, folder, CASE, options, choice=choice
    ) as place:
        return await run_program(place, program, options.deadlines)


def program_of(options: ProgramOptions, command: str) -> Program:
    """The program that the options name.

    Raises:
        UsageError: the options name no program, or a script that does not exist.
    """
    words = options.module or options.script
    if not words:
        raise UsageError(
            f"no program: testbed {command} [OPTION ...] SCRIPT or -m MODULE, and its arguments"
        )
    name, *arguments = words
    if options.module:
        return Program(name, tuple(arguments), is_module=True)
    if not Path(name).is_file():
        raise UsageError(f"no such script: {name}")
    return Program(name, tuple(arguments))


def _deployment(options: LaunchOptions, role: Role) -> Deployment:
    require_at_least_one(options.workers, options.replicas)
    cluster = Cluster(workers_of(options.workers, role) or 2, options.replicas or 1)
    return Deployment("multi_worker_mirrored", cluster)


def _choice(options: LaunchOptions, role: Role) -> Choice:
    devices = 0
    if workers_of(options.workers, role) is None:
        # The GPUs of a worker are assigned before it starts.
        devices = options.replicas or (ALONE_DEVICES if options.device == "cpu" else 1)
    return Choice(devices, "use --workers 1 --replicas R for one process of R replicas")


def require_at_least_one(workers: int | None, replicas: int | None) -> None:
    """Reject a cluster without workers or replicas.

    Raises:
        UsageError: one of the numbers is below 1.
    """
    for name, number in (("--workers", workers), ("--replicas", replicas)):
        if number is not None and number < 1:
            raise UsageError(f"{name} {number}: at least 1")


def _options(options: LaunchOptions, role: Role) -> Options:
    return Options(
        device=options.device,
        fresh=options.fresh,
        deadlines=deadlines_of(options.deadlines, JOINING),
        isolation=options.isolation,
        rank=role.rank,
    )
