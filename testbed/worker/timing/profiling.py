"""Reads what TensorFlow's profiler recorded: the operations of each replica, and collectives."""

from __future__ import annotations

import contextlib
import importlib
import re
import statistics
import time
from bisect import bisect
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

from testbed.orders.timed import COLLECTIVE, OPERATION, STEP, WAIT, Profile, TimedEvent

# The message of the profiler's file, which has no public name. Seen on TensorFlow 2.15 to 2.21.
_MESSAGES = (
    "tensorflow.tsl.profiler.protobuf.xplane_pb2",
    "tensorflow.core.profiler.protobuf.xplane_pb2",
)
# MirroredStrategy runs replica 0 without a name scope, and the others in `replica_1` and so on;
# `update_1` is an update of the copy of replica 1, and `update_1_3` a later one.
_REPLICA = re.compile(r"(?:^|/)(?:replica|update)_(\d+)(?:_\d+)?/")
_COLLECTIVE = re.compile(r"Collective\w*V[23]|Nccl|AllReduce|all_reduce", re.IGNORECASE)
# An operation's event is called `its/name:ItsType`.
_OPERATION = re.compile(r"^[\w./<>-]+:_?[A-Z]\w*$")
_WAIT = re.compile(r": ?(?:IteratorGetNext|MultiDeviceIteratorGetNextFromShard|OptionalGetValue)\b")
_CALLS = ("TFE_Py_Execute", "EagerLocalExecute")
# The threads of tf.data, whose operations belong to no replica.
_INPUT = "tf_data_"
_PS = 1e-12
# Shorter events are not shown, and no more events than these.
_LEAST, _MOST = 20e-6, 1500


@contextlib.contextmanager
def profiled(folder: str) -> Iterator[float]:
    """Profile the block into a folder; gives the moment from which the profile counts its times.

    The file has that moment only since TensorFlow 2.18, so it is taken here, in seconds since the
    epoch.
    """
    began = time.time()
    tf.profiler.experimental.start(folder)
    try:
        yield began
    finally:
        tf.profiler.experimental.stop()


def read_profile(
    folder: str, began: float, begins: Sequence[float], replicas: int
) -> Profile | None:
    """What the profile in a folder shows; None where this TensorFlow's file cannot be read.

    Args:
        folder: was given to `profiled`.
        began: what `profiled` gave.
        begins: when each profiled step began, in seconds since the epoch.
        replicas: of this worker.
    """
    files = sorted(Path(folder).rglob("*.xplane.pb"))
    space = _space()
    if not files or space is None or not begins:
        return None
    space.ParseFromString(files[-1].read_bytes())
    busy: dict[int, list[float]] = defaultdict(lambda: [0.0] * len(begins))
    events = []
    for event in _events(space, began):
        if event.kind == OPERATION:
            busy[event.replica][max(0, bisect(begins, event.begin) - 1)] += event.seconds
        if event.seconds >= _LEAST:
            events.append(event)
    longest = sorted(events, key=lambda event: -event.seconds)[:_MOST]
    return Profile(
        # In a step, other processes may have taken the core of one replica.
        tuple(statistics.median(busy[replica]) for replica in range(replicas)),
        tuple(sorted(longest, key=lambda event: event.begin)),
    )


def _space() -> Any:
    for name in _MESSAGES:
        with contextlib.suppress(ImportError):
            return importlib.import_module(name).XSpace()
    return None


def _events(space: Any, began: float) -> Iterator[TimedEvent]:
    for plane in space.planes:
        device = re.match(r"/device:GPU:(\d+)", plane.name)
        if not device and plane.name != "/host:CPU":
            continue
        names = {key: each.name for key, each in plane.event_metadata.items()}
        for line in plane.lines:
            is_input = line.name.startswith(_INPUT)
            for event in line.events:
                name = names.get(event.metadata_id, "")
                replica = int(device[1]) if device else None
                kind, of = _kind(name, replica)
                if kind == OPERATION and is_input:
                    of = -1
                if kind:
                    begin = began + line.timestamp_ns * 1e-9 + event.offset_ps * _PS
                    yield TimedEvent(name[:120], kind, of, begin, event.duration_ps * _PS)


def _kind(name: str, device: int | None) -> tuple[str, int]:
    """The kind of an event, empty for one that is not shown; and its replica.

    Args:
        name: the name of the event.
        device: the number of the GPU that ran it; None on the host.
    """
    if _COLLECTIVE.search(name) and (device is not None or ":" in name):
        return COLLECTIVE, device if device is not None else -1
    if device is not None:
        return OPERATION, device
    if _WAIT.search(name):
        return WAIT, -1
    if name.startswith(_CALLS):
        return STEP, -1
    if _OPERATION.match(name):
        scope = _REPLICA.search(name)
        return OPERATION, int(scope[1]) if scope else 0
    return "", -1
