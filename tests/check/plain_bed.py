"""Runs a scenario as a plain program: its pattern, and nothing of the testbed's own watching.

plain_bed.py SCRIPT SCENARIO SITE MODE
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import tensorflow as tf

SCRIPT, SCENARIO, SITE, MODE = sys.argv[1:]

TASK = json.loads(os.environ.get("TF_CONFIG", "{}")).get("task", {"index": 0})
strategy = (
    tf.distribute.MultiWorkerMirroredStrategy()
    if "TF_CONFIG" in os.environ
    else tf.distribute.MirroredStrategy()
)
tf.keras.utils.set_random_seed(1000 + TASK["index"])


def common_folder() -> Path:
    """A folder that all workers share; their cluster has ports of its own."""
    hosts = json.loads(os.environ.get("TF_CONFIG", "{}")).get("cluster", {}).get("worker")
    if not hosts:
        return Path(tempfile.mkdtemp())
    port = hosts[0].rpartition(":")[2]
    folder = Path(tempfile.gettempdir()) / f"{SCENARIO}-{SITE}-{MODE}-{port}"
    folder.mkdir(exist_ok=True)
    return folder


class PlainBed:
    """What a scenario calls, as its author would write it without a bed."""

    def __init__(self) -> None:
        self.strategy = strategy
        self.worker = TASK["index"]
        self.folder = common_folder()
        replicas = strategy.num_replicas_in_sync
        self.case = SimpleNamespace(
            site=SITE,
            mode=MODE,
            strategy="multi_worker_mirrored" if "TF_CONFIG" in os.environ else "mirrored",
            replicas=replicas,
            workers=2 if "TF_CONFIG" in os.environ else 1,
            replicas_per_worker=replicas // (2 if "TF_CONFIG" in os.environ else 1),
        )
        self._calls: dict[Any, Callable[..., Any]] = {}

    def make(self, create: Callable[..., Any], *args: Any) -> Any:
        if SITE == "in_replica":
            # In the mode that is asked for, as a step is.
            return self.run(create, *args)
        with strategy.scope() if SITE == "in_scope" else contextlib.nullcontext():
            return create(*args)

    def data(self, of_replica: Callable[[int], Any]) -> Any:
        return strategy.experimental_distribute_values_from_function(
            lambda context: tf.convert_to_tensor(of_replica(context.replica_id_in_sync_group))
        )

    def run(self, step: Callable[..., Any], *args: Any, times: int = 1) -> Any:
        if step not in self._calls:
            call = lambda *values: strategy.run(step, values)  # noqa: E731
            self._calls[step] = call if MODE == "eager" else tf.function(call)
        for _ in range(times):
            result = self._calls[step](*args)
        return result

    def phase(self, name: str) -> None:
        """Nobody listens."""

    def claim(self, subject: Any, **_: Any) -> None:
        """Nobody judges; what is claimed is kept and used, as a program does with its state."""
        KEPT.append(subject)
        if isinstance(subject, (tf.Variable, keras.Variable)):
            self.run(lambda: tf.convert_to_tensor(subject))


KEPT: list[Any] = []

path = Path(SCRIPT)
sys.path.insert(0, str(path.parent))
spec = importlib.util.spec_from_file_location(path.stem, path)
assert spec
assert spec.loader
script = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(script)
getattr(script, SCENARIO).function(PlainBed())
