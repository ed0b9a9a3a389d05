"""Runs a case in a worker: configures devices, builds the strategy, runs the scenario, reports."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any, TypeVar

import tensorflow as tf

from testbed.launcher.machine.heap import share_heap
from testbed.launcher.run_folder import write_json
from testbed.launcher.server.channel import Channel
from testbed.orders.case import (
    RUN_CASE,
    SERVE,
    BedSetup,
    CaseOrders,
    ServeOrders,
)
from testbed.verdict.out_of_memory import out_of_memory
from testbed.verdict.raised_error import RaisedError
from testbed.verdict.reading import Raised, WorkerReport
from testbed.worker.bed import WorkerBed
from testbed.worker.device_memory import device_memory, memory_at
from testbed.worker.devices import keras_version
from testbed.worker.runtime_start import calling_when_bound
from testbed.worker.script import ScriptError, import_script
from testbed.worker.strategy import build_strategy, replica_devices, require_threads, start_server
from testbed.worker.watching.operation_hook import OPERATIONS

# Imported before the fork: otherwise every worker loads them again on first use.
for _module in ("multiprocessing.queues", "multiprocessing.synchronize", "numpy.random"):
    importlib.import_module(_module)
with contextlib.suppress(Exception):
    # Preloaded like them, if it is installed. TensorFlow before 2.16 does not use it, and
    # without docstrings (PYTHONOPTIMIZE=2) its import fails.
    import tf_keras  # noqa: F401

# Such an error is a mistake in the script, not a reaction of TensorFlow to it.
_SCRIPT_ERRORS = (NameError, ImportError, SyntaxError, AssertionError)


# Our functions that only call TensorFlow or the script. TensorFlow removes its own frames from a
# traceback, and then one of these may be the innermost frame.
_PASS_ON = ("call", "call_for_each_replica")

AnyBed = TypeVar("AnyBed", bound=WorkerBed)


@RUN_CASE.implementation
def run_case(orders: CaseOrders, channel: Channel) -> None:
    """Run one case in a worker."""
    began, place = time.monotonic(), orders.setup.place
    bed, raised = None, None
    require_threads()
    share_heap()
    try:
        bed = prepare(orders.setup, channel, WorkerBed)
        run_scenario(orders, bed, channel)
    except Exception as problem:
        traceback.print_exc()
        raised = _describe(problem, Path(orders.script.path))
    report = WorkerReport(
        worker=place.worker,
        replica_devices=replica_devices(bed.strategy) if bed else (),
        findings=tuple(bed.findings) if bed else (),
        raised=raised,
        seconds=time.monotonic() - began,
        facts=facts_of(place.seed),
        memory=device_memory() if bed else None,
    )
    write_json(Path(place.report), report.to_json())
    channel.reported(good=raised is None)
    channel.wait_for_leave()


@SERVE.implementation
def serve(orders: ServeOrders, channel: Channel) -> None:
    """Serve a chief as a worker or server of its cluster."""
    channel.phase("joining")
    start_server(orders.place.device)
    channel.phase("joined")
    write_json(Path(orders.place.report), WorkerReport(worker=orders.place.worker).to_json())
    # TensorFlow's threads serve the chief until the chief, too, has reported.
    channel.reported(good=True)
    channel.wait_for_leave()


def prepare(setup: BedSetup, channel: Channel, bed: type[AnyBed], **more: Any) -> AnyBed:
    """Join the cluster, and return the bed of the case."""
    case, place = setup.case, setup.place
    channel.phase("joining")
    with calling_when_bound(lambda: channel.phase("bound")):
        strategy = build_strategy(case.deployment, place.device, place.worker)
    channel.phase("joined")
    return bed(case, strategy, place.worker, Path(setup.folder), channel, **more)


def run_scenario(orders: CaseOrders, bed: WorkerBed, channel: Channel) -> None:
    """Import the script that the orders name, and run its scenario on a bed."""
    # Every worker has another seed: equal seeds hide that workers start from different values.
    tf.keras.utils.set_random_seed(orders.setup.place.seed)
    # The import comes after the strategy, so that objects at the top of the script are created
    # outside its scope, as in a program that builds its strategy and then imports its model.
    script = import_script(orders.script)
    channel.phase("imported")
    getattr(script, orders.setup.case.claim).function(bed)
    channel.phase("finished")


def facts_of(seed: int) -> dict[str, str]:
    """Versions and seeds in force in this worker, and what it could not watch, if anything."""
    unseen = OPERATIONS.problem()
    return {
        **({"not watched": OPERATIONS.blind_spot(unseen).sentence} if unseen else {}),
        "tensorflow": tf.__version__,
        "keras": keras_version(),
        "python": sys.version.split()[0],
        "seed": str(seed),
        "pid": str(os.getpid()),
    }


def _describe(problem: Exception, script: Path) -> Raised:
    kind, message = type(problem).__name__, str(problem)
    lacking = out_of_memory(RaisedError(kind, message))
    return Raised(
        type=kind,
        message=message,
        traceback="".join(traceback.format_exception(problem)),
        origin=_origin(problem, script),
        where=_where(problem, script),
        memory=memory_at(lacking.device) if lacking else None,
    )


def _origin(problem: Exception, script: Path) -> str:
    """The origin of an exception (scenario, testbed or tensorflow), by its innermost frame."""
    if isinstance(problem, ScriptError):
        return "scenario"
    frames = traceback.extract_tb(problem.__traceback__)
    innermost = next(frame.filename for frame in reversed(frames) if frame.name not in _PASS_ON)
    if innermost.startswith(str(Path(__file__).parent)):
        return "testbed"
    if isinstance(problem, _SCRIPT_ERRORS) and Path(innermost) == script:
        return "scenario"
    return "tensorflow"


def _where(problem: Exception, script: Path) -> str:
    frames = traceback.extract_tb(problem.__traceback__)
    for frame in reversed(frames):
        if Path(frame.filename) == script:
            return f"{script.name}:{frame.lineno} in {frame.name}"
    return ""
