"""The request of `testbed launch`: the program to run as a cluster, from the command's options."""

from __future__ import annotations

from testbed.cli.options.launch import LaunchOptions
from testbed.cluster.cluster import Cluster
from testbed.cluster.strategies import MULTI_WORKER_MIRRORED, Deployment
from testbed.hosts.role import Role
from testbed.launcher.run_folder import RunFolder
from testbed.orders.own_code import RUN_PROGRAM
from testbed.run.numbers import require_at_least
from testbed.run.program_request import ProgramRequest, program_of, program_request
from testbed.run.user_code.cluster_choice import Choice
from testbed.run.user_code.program import ProgramEnd, run_program

LAUNCHED = "program"
"""The folder of a launched program's logs within the run folder."""

ALONE_DEVICES = 2
"""Logical CPU devices of a program that runs in one process, without --replicas."""


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


async def launch_program(request: ProgramRequest, folder: RunFolder) -> ProgramEnd:
    """Run the program in every worker, until all have ended or one has failed."""
    async with request.cluster(folder, RUN_PROGRAM.module, LAUNCHED, show=True) as cluster:
        return await run_program(cluster, request.program, request.options.deadlines)
