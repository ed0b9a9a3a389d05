"""The engine `environment`: joins a cluster that another launcher started, as leader or agent."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from testbed.cli.declarations.engine import RunsOnEngine
from testbed.engines.slurm.scheduler import Scheduler
from testbed.errors import INTERRUPTED, OK, UNEXPECTED, WRONG_COMMAND, LaunchError, UsageError
from testbed.hosts.agent import serve
from testbed.hosts.rank import Rank, RankInputs, rank_of
from testbed.hosts.rendezvous import RunEnd, join_rendezvous, write_end
from testbed.hosts.role import Role
from testbed.launcher.interpreter.interpreter import require_tensorflow
from testbed.launcher.run_folder import RunFolder, agent_folder, shared_run_folder
from testbed.launcher.trusted import replaceable_by_all
from testbed.signals import interruptible
from testbed.terminal import complain, tell

Command = Callable[[Any, Role], int]


def main(options: RunsOnEngine, command: Command) -> int:
    """Run the command as worker 0, or serve worker 0 as an agent; return the exit status.

    Raises:
        UsageError: the environment names no worker, or the workers do not fit together.
        LaunchError: another worker did not connect, or is lost.
    """
    rank = rank_of(os.environ, _rank_inputs(options))
    asked = options.engine
    rank = replace(rank, host=asked.address or rank.host, meets_within=asked.meeting_timeout)
    assert asked.folder is not None
    tell(rank)
    if rank.number:
        return interruptible(_serve(rank, RunFolder(Path(asked.folder))))
    with shared_run_folder(asked.folder) as folder:
        if replaceable := replaceable_by_all(folder.path):
            tell(replaceable)
        status, why = UNEXPECTED, ""
        try:
            _require_so_many(options, rank)
            require_tensorflow(options.python)
            status = command(options, Role(rank, folder))
        except (UsageError, LaunchError) as problem:
            status = WRONG_COMMAND if isinstance(problem, UsageError) else UNEXPECTED
            why = str(problem)
            raise
        except KeyboardInterrupt:
            status, why = INTERRUPTED, "interrupted"
            raise
        finally:
            write_end(folder, RunEnd(status, why))
    return status


async def _serve(rank: Rank, folder: RunFolder) -> int:
    line = await join_rendezvous(rank, folder)
    if isinstance(line, RunEnd):
        if line.message:
            complain(line.message)
        return line.status
    with agent_folder(folder, rank.number) as own:
        why = await serve(line, own)
    if why:
        complain(why)
    return UNEXPECTED if why else OK


def _require_so_many(options: RunsOnEngine, rank: Rank) -> None:
    """Reject a command that needs more workers than were started.

    Raises:
        UsageError: it needs more.
    """
    if (options.workers or 0) > rank.size:
        raise UsageError(
            f"--workers {options.workers}: {rank.taken_from} says that {rank.size} were started"
        )


def _rank_inputs(options: RunsOnEngine) -> RankInputs:
    return RankInputs(
        workers=options.workers or None,
        fqdn=socket.getfqdn,
        slurm_nodes=Scheduler().addresses,
    )
