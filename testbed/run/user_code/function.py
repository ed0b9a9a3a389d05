"""`testbed.launch`: calls a function in every worker of a cluster, and returns all results."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from testbed.cluster.isolation_levels import AUTO
from testbed.cluster.strategies import Deployment
from testbed.errors import UsageError, WorkerFailedError
from testbed.launcher.interpreter.interpreter import require_tensorflow
from testbed.launcher.run_folder import RUNS, RunFolder, new_run_folder, write_json
from testbed.launcher.server.channel import in_worker
from testbed.orders.own_code import RUN_FUNCTION, FunctionName, FunctionOrders, OwnCodeSetup
from testbed.run.options import Options
from testbed.run.room import require_room_for
from testbed.run.user_code.function_end import results_of
from testbed.run.user_code.function_name import name_of
from testbed.run.user_code.function_options import deployment_of, encoded_arguments, options_of
from testbed.run.user_code.place import own_code_place

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
        UsageError: an argument is not valid, workers find no function, or TensorFlow is missing.
        LaunchError: no worker can be started on this machine.
    """
    options = options_of(timeout, start_timeout, device, isolation, fresh=fresh)
    deployment, name = deployment_of(workers, replicas), _name(function)
    arguments = encoded_arguments(args, {} if kwargs is None else kwargs)
    require_tensorflow()
    require_room_for([deployment], asked=f"workers={workers}, replicas={replicas}", fresh=fresh)
    with new_run_folder(RUNS) as folder:
        own = folder.case(CASE)
        write_json(own.arguments, arguments)
        path, argv = tuple(sys.path), tuple(sys.argv)

        def orders(setup: OwnCodeSetup) -> FunctionOrders:
            return FunctionOrders(setup, name, str(own.arguments), path, argv)

        found = _in_own_thread(_launch(orders, deployment, folder, options, show=show))
    # Raise it here, so that its traceback does not contain the other thread.
    if isinstance(found, WorkerFailedError):
        raise found
    return found


async def _launch(
    orders: Callable[[OwnCodeSetup], FunctionOrders],
    deployment: Deployment,
    folder: RunFolder,
    options: Options,
    *,
    show: bool,
) -> list[Any] | WorkerFailedError:
    opened = own_code_place(RUN_FUNCTION.module, deployment, folder, CASE, options, show=show)
    async with opened as place:
        end = await place.run(RUN_FUNCTION, orders, options.deadlines)
    return results_of(end, place.folder)


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


def _name(function: Callable[..., Any]) -> FunctionName:
    """The name by which the workers find a function."""
    if in_worker():
        raise UsageError(
            "launch was called in a worker: call it under"
            ' if __name__ == "__main__": as workers run the script, too, to find the function'
        )
    return name_of(function)
