"""`testbed.launch`: calls a function in every worker of a cluster, and returns all results."""

from __future__ import annotations

import asyncio
import contextlib
import math
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from testbed.cluster.cluster import Cluster
from testbed.cluster.devices import KINDS
from testbed.cluster.isolation_levels import AUTO, LEVELS
from testbed.cluster.strategies import Deployment
from testbed.errors import UsageError, WorkerFailedError
from testbed.launcher.cluster.cluster_end import ClusterEnd, first_failed
from testbed.launcher.cluster.cluster_run import Deadlines
from testbed.launcher.cluster.report_file import UnreadableReportError, read_report, unreadable
from testbed.launcher.run_folder import RUNS, CaseFolder, RunFolder, new_run_folder, write_json
from testbed.launcher.server.channel import in_worker
from testbed.run.case import Options
from testbed.run.function_name import name_of
from testbed.run.own_code import JOINING, own_code_place
from testbed.run.room import require_room_for
from testbed.verdict.values import NoValueError, decode, encode

MODULE = "testbed.worker.user_code.function"
ENTRY = f"{MODULE}:run_function"

CASE = "function"
"""The folder of the function's logs within the run folder."""


Result = TypeVar("Result")


def launch(
    function: Callable[..., Any],
    *,
    workers: int = 2,
    replicas: int = 1,
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    timeout: float | None = None,
    start_timeout: float = 60.0,
    device: str = "cpu",
    fresh: bool = False,
    isolation: str = AUTO,
    show: bool = True,
) -> list[Any]:
    """Call a function in every worker of a new cluster on this machine.

    Each worker is a process with its TF_CONFIG and its logical devices, as under `testbed launch`.
    It finds the function in its module, or in the script that was started. For that it runs the
    script as another module than `__main__`, so a script has to call this under
    `if __name__ == "__main__":`.

    Args:
        function: defined at the top of a module or script.
        workers: the number of processes.
        replicas: devices of each worker.
        args, kwargs: arguments of the function: None, bool, int, float, str, bytes, NumPy arrays
            and scalars, and lists, tuples and dicts with str keys of these.
        timeout: seconds until every worker has returned; None for no limit.
        start_timeout: seconds from when the first worker makes its strategy until all have.
        device: `cpu`, `gpu`, or `split-gpu` (one GPU divided into logical ones).
        fresh: a new interpreter for every worker, instead of a fork of a preloaded one.
        isolation: `auto`, `required` or `none`, as for `testbed launch`.
        show: whether to show the workers' output while they run.

    Returns:
        The result of each worker, in their order; tensors and variables as NumPy values.

    Raises:
        WorkerFailedError: a worker raised, ended, hung, or returned a value that cannot be encoded.
        UsageError: an argument is not valid, or workers could not find the function.
        LaunchError: no worker can be started on this machine.
    """
    options = _options(timeout, start_timeout, device, isolation, fresh=fresh)
    deployment, orders = _deployment(workers, replicas), _orders(function)
    arguments = _arguments(args, {} if kwargs is None else kwargs)
    asked = f"workers={workers}, replicas={replicas}"
    require_room_for([deployment], asked=asked, fresh=fresh)
    with new_run_folder(RUNS) as folder:
        own = folder.case(CASE)
        write_json(own.arguments, arguments)
        orders["arguments"] = str(own.arguments)
        found = _in_own_thread(_launch(orders, deployment, folder, options, show=show))
    # Raise it here, so that its traceback does not contain the other thread.
    if isinstance(found, WorkerFailedError):
        raise found
    return found


async def _launch(
    orders: dict[str, Any],
    deployment: Deployment,
    folder: RunFolder,
    options: Options,
    *,
    show: bool,
) -> list[Any] | WorkerFailedError:
    async with own_code_place(MODULE, deployment, folder, CASE, options, show=show) as place:
        end = await place.run(ENTRY, orders, options.deadlines)
    reports = [
        _report(place.folder, worker.worker) if worker.reported else {} for worker in end.workers
    ]
    failure = failure_of(end, reports, place.folder)
    return failure or [report["result"] for report in reports]


def failure_of(
    end: ClusterEnd, reports: Sequence[dict[str, Any]], folder: CaseFolder
) -> WorkerFailedError | None:
    """The reason why a worker has no result; None where all have one.

    Args:
        end: the end of the cluster.
        reports: of each worker; empty for a worker without one.
        folder: of the logs.
    """
    logs = f"; logs: {folder.path}"
    died = [worker for worker in end.workers if worker.complaint]
    failed = [worker for worker in end.workers if "raised" in reports[worker.worker]]
    first = first_failed(died, failed)
    if first is None:
        return WorkerFailedError(end.cause + logs) if end.cause else None
    if first.complaint:
        cause = end.hinted(end.led_to(first.complaint, first.after))
        return WorkerFailedError(cause + logs, worker=first.worker)
    report = reports[first.worker]
    line = (report["raised"].splitlines() or [""])[0]
    cause = f"worker {first.worker} failed after {first.after:.1f} s: {line}"
    return WorkerFailedError(
        end.led_to(cause, first.after) + logs,
        worker=first.worker,
        traceback=report["traceback"],
    )


def _report(folder: CaseFolder, worker: int) -> dict[str, Any]:
    """The report of a worker, with its result decoded."""
    try:
        report = read_report(folder, worker)
        try:
            if "result" in report:
                return {"result": decode(report["result"])}
            return {"raised": str(report["raised"]), "traceback": str(report["traceback"])}
        except Exception as problem:
            # Any exception: the user's code in the worker may have written anything there.
            raise unreadable(folder, worker, problem) from problem
    except UnreadableReportError as problem:
        return {"raised": str(problem), "traceback": ""}


def _in_own_thread(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine to its end in another thread; an interrupt here cancels it and waits for it.

    This thread may run an event loop, and its signal handlers belong to the user.
    """
    # Not the loop of the user's policy, which may be of any kind; sockets report process ends.
    loop = asyncio.SelectorEventLoop()
    task = loop.create_task(work)

    def run() -> Result:
        try:
            return loop.run_until_complete(task)
        finally:
            loop.close()

    with ThreadPoolExecutor(1, "launch") as thread:
        done = thread.submit(run)
        try:
            return done.result()
        except BaseException:
            # RuntimeError: the loop has just been closed.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(task.cancel)
            raise


def _orders(function: Callable[..., Any]) -> dict[str, Any]:
    """The orders by which the workers find a function."""
    if in_worker():
        raise UsageError(
            "launch was called in a worker: call it under"
            ' if __name__ == "__main__": as workers run the script, too, to find the function'
        )
    name = name_of(function)
    return {
        "name": name.name,
        "module": name.module,
        "script": name.script,
        "path": sys.path,
        "argv": sys.argv,
    }


def _options(
    timeout: float | None, start_timeout: float, device: str, isolation: str, *, fresh: bool
) -> Options:
    limit = math.inf if timeout is None else timeout
    for name, seconds in (("timeout", limit), ("start_timeout", start_timeout)):
        if not seconds > 0:
            raise UsageError(f"{name}={seconds}: more than 0")
    for name, given, valid in (
        ("device", device, KINDS),
        ("isolation", isolation, LEVELS),
    ):
        if given not in valid:
            raise UsageError(f"{name}={given!r}: choose from {', '.join(valid)}")
    return Options(
        device=device,
        fresh=fresh,
        deadlines=Deadlines(start_timeout, limit, JOINING),
        isolation=isolation,
    )


def _deployment(workers: int, replicas: int) -> Deployment:
    for name, number in (("workers", workers), ("replicas", replicas)):
        if number < 1:
            raise UsageError(f"{name}={number}: at least 1")
    return Deployment("multi_worker_mirrored", Cluster(workers, replicas))


def _arguments(args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(args, (list, tuple)):
        raise UsageError(f"args is a {type(args).__name__}: a list or tuple, as in args=(1,)")
    try:
        return {"args": encode(list(args), "args"), "kwargs": encode(dict(kwargs), "kwargs")}
    except NoValueError as problem:
        raise UsageError(f"cannot pass the arguments: {problem}") from None
