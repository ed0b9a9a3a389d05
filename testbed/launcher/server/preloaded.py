"""Starts the preloaded server in a new process, and ends it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path

from testbed.bootstrap import python_command
from testbed.cluster.isolation_levels import AUTO
from testbed.errors import LaunchError, limit_reached
from testbed.launcher.machine import descriptors
from testbed.launcher.machine.environment import server_environment
from testbed.launcher.machine.heap import huge_pages
from testbed.launcher.machine.leftovers import RUN_MARK
from testbed.launcher.run_folder import RunFolder
from testbed.launcher.server import server
from testbed.launcher.server.server_handle import PreloadedServer


@contextlib.contextmanager
def _temporary(folder: RunFolder) -> Iterator[Path]:
    """Make the folder of the workers' temporary files, which hold the code that AutoGraph makes.

    TensorFlow cannot trace code from a file whose name is not UTF-8. If the run's folder has such a
    name, this makes a folder among the machine's temporary files instead.
    """
    try:
        folder.temporary.as_posix().encode("utf-8")
    except UnicodeEncodeError:
        with tempfile.TemporaryDirectory(prefix="testbed-") as elsewhere:
            yield Path(elsewhere)
        return
    # TMPDIR of the workers: files there may be code, so only this user may use the folder.
    folder.temporary.mkdir(0o700, exist_ok=True)
    try:
        yield folder.temporary
    finally:
        shutil.rmtree(folder.temporary, ignore_errors=True)


@contextlib.asynccontextmanager
async def preloaded_server(
    preload: Sequence[str],
    folder: RunFolder,
    python: str = sys.executable,
    *,
    environment: Mapping[str, str] | None = None,
    exact: bool = True,
    isolation: str = AUTO,
    path: Sequence[str] = (),
) -> AsyncIterator[PreloadedServer]:
    """Run a server that has imported the modules in `preload`; nothing of it outlives the block.

    Args:
        preload: the modules to import; empty if every worker is fresh.
        folder: the run's folder; its temporary files are removed after the block, too.
        python: the interpreter of the server and all workers.
        environment: further variables of the server and so of all workers.
        exact: see `testbed.launcher.machine.environment.server_environment`.
        isolation: see `testbed.launcher.isolation.isolation.enter`.
        path: the `sys.path` of all modules in `preload` but the first, where these are the user's.

    Raises:
        LaunchError: see `PreloadedServer.wait_until_ready`.
    """
    with contextlib.ExitStack() as held:
        try:
            temporary = held.enter_context(_temporary(folder))
            variables = {
                **server_environment(os.environ, exact=exact),
                **huge_pages(os.environ),
                **(environment or {}),
                RUN_MARK: str(folder.path),
                "TMPDIR": str(temporary),
            }
            words = [isolation, str(descriptors.usual()), json.dumps([*path]), *preload]
            process, control = _start(python, words, variables, folder.server_log)
        except OSError as problem:
            if problem.filename:
                raise
            why = limit_reached(problem) or str(problem)
            raise LaunchError(f"the preloaded server could not be started: {why}") from problem
        running = PreloadedServer(process, control, folder.server_log)
        try:
            await running.wait_until_ready(isolation)
            yield running
        finally:
            running.stop()


def _start(
    python: str, words: Sequence[str], variables: Mapping[str, str], log: Path
) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Start a server; returns its process and the local end of its control socket."""
    ours, theirs = socket.socketpair()
    try:
        with theirs, log.open("ab") as output:
            process = subprocess.Popen(
                python_command(server.__name__, str(theirs.fileno()), *words, python=python),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=variables,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
    except BaseException:
        ours.close()
        raise
    return process, ours
