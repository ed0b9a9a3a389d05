"""Configures a worker's devices and builds the strategy of a case on them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tensorflow as tf

from testbed.cluster.devices import SPLIT_GPU_MIB
from testbed.cluster.strategies import Deployment
from testbed.launcher.machine.machine import usable_cores
from testbed.verdict.diagnosis import place
from testbed.worker.probes import several_cpus_per_worker

# With fewer, a worker on a machine with few cores can deadlock without a message: a dataset that
# was iterated in a tf.function hung with 1 to 2 threads, never with 3 and more (TensorFlow 2.21,
# 2 cores).
MIN_INTER_OP_THREADS = 8


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Discard the messages that TensorFlow logs while it looks for devices."""
    kept = os.dup(2)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


@_silent()
def require_threads() -> None:
    """Set at least MIN_INTER_OP_THREADS threads; call it before the runtime starts."""
    threads = tf.config.threading.get_inter_op_parallelism_threads() or usable_cores()
    if threads < MIN_INTER_OP_THREADS:
        tf.config.threading.set_inter_op_parallelism_threads(MIN_INTER_OP_THREADS)


def build_strategy(deployment: Deployment, device: str, worker: int) -> Any:
    """Build the strategy of a case on exactly the requested replicas.

    Args:
        deployment: strategy and cluster.
        device: `cpu`, `gpu`, or `split-gpu` (one GPU divided into logical ones).
        worker: this worker's index.

    Raises:
        RuntimeError: the strategy has other replicas than requested.
    """
    # OneDeviceStrategy uses the second of two devices, which shows objects that it did not place.
    spare = deployment.strategy == "one_device" and device == "cpu"
    configure_devices(2 if spare else deployment.cluster.replicas_per_worker, device)
    strategy = _BUILDERS[deployment.strategy](deployment, device, worker)
    require_replicas(strategy, deployment)
    return strategy


@_silent()
def configure_devices(count: int, device: str) -> None:
    """Configure `count` logical devices for replicas; call it before the runtime starts."""
    if device == "cpu":
        _configure_cpus(count)
    else:
        _configure_gpus(count, split=device == "split-gpu")


_V1 = tf.compat.v1.distribute

STRATEGY_NAMES: dict[type, str] = {
    tf.distribute.MirroredStrategy: "MirroredStrategy",
    tf.distribute.OneDeviceStrategy: "OneDeviceStrategy",
    tf.distribute.experimental.CentralStorageStrategy: "CentralStorageStrategy",
    tf.distribute.MultiWorkerMirroredStrategy: "MultiWorkerMirroredStrategy",
    tf.distribute.ParameterServerStrategy: "ParameterServerStrategy",
    _V1.MirroredStrategy: "MirroredStrategy",
    _V1.OneDeviceStrategy: "OneDeviceStrategy",
    _V1.experimental.CentralStorageStrategy: "CentralStorageStrategy",
    _V1.experimental.MultiWorkerMirroredStrategy: "MultiWorkerMirroredStrategy",
    _V1.experimental.ParameterServerStrategy: "ParameterServerStrategy",
}
"""The public name of each strategy class."""


def public_name(strategy: Any) -> str:
    """The public name of a strategy's class, or of its base class in TensorFlow."""
    kinds = type(strategy).__mro__
    return next((STRATEGY_NAMES[each] for each in kinds if each in STRATEGY_NAMES), "Strategy")


def replica_devices(strategy: Any) -> tuple[str, ...]:
    """The device of each replica of this worker, in TensorFlow's notation."""
    if isinstance(strategy, tf.distribute.ParameterServerStrategy):
        # A chief takes no steps; its workers do.
        return ("/job:worker/device:CPU:0",)
    try:
        return tuple(strategy.extended.worker_devices)
    except RuntimeError:
        # The default strategy raises: it has one replica.
        gpus = tf.config.list_logical_devices("GPU")
        return (gpus[0].name if gpus else "/device:CPU:0",)


def _configure_cpus(count: int) -> None:
    # A run on CPUs hides the GPUs: their presence changes the behaviour of every strategy.
    tf.config.set_visible_devices([], "GPU")
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(
        cpu, [tf.config.LogicalDeviceConfiguration() for _ in range(count)]
    )


def _configure_gpus(count: int, *, split: bool) -> None:
    gpus = tf.config.list_physical_devices("GPU")
    if not split:
        for gpu in gpus:
            tf.config.experimental.set_memory_growth(gpu, True)
        return
    share = tf.config.LogicalDeviceConfiguration(memory_limit=SPLIT_GPU_MIB)
    tf.config.set_logical_device_configuration(gpus[0], [share] * count)


def _default(_deployment: Deployment, _device: str, _worker: int) -> Any:
    return tf.distribute.get_strategy()


def _one_device(_deployment: Deployment, device: str, _worker: int) -> Any:
    return tf.distribute.OneDeviceStrategy("CPU:1" if device == "cpu" else "GPU:0")


def _mirrored(deployment: Deployment, device: str, _worker: int) -> Any:
    kind = "CPU" if device == "cpu" else "GPU"
    names = [f"{kind}:{index}" for index in range(deployment.cluster.replicas_per_worker)]
    # NCCL allows one rank on a GPU.
    ops = tf.distribute.HierarchicalCopyAllReduce() if device == "split-gpu" else None
    return tf.distribute.MirroredStrategy(names, cross_device_ops=ops)


def _multi_worker_mirrored(deployment: Deployment, device: str, worker: int) -> Any:
    implementation = tf.distribute.experimental.CommunicationImplementation
    options = tf.distribute.experimental.CommunicationOptions(
        implementation=implementation.AUTO if device == "gpu" else implementation.RING
    )
    replicas = deployment.cluster.replicas_per_worker
    several = device == "cpu" and replicas > 1
    with several_cpus_per_worker(worker, replicas) if several else contextlib.nullcontext():
        return tf.distribute.MultiWorkerMirroredStrategy(communication_options=options)


def _central_storage(deployment: Deployment, device: str, _worker: int) -> Any:
    kind = "CPU" if device == "cpu" else "GPU"
    names = [f"{kind}:{index}" for index in range(deployment.cluster.replicas_per_worker)]
    return tf.distribute.experimental.CentralStorageStrategy(names, parameter_device="CPU:0")


def _parameter_server(_deployment: Deployment, _device: str, _worker: int) -> Any:
    resolver = tf.distribute.cluster_resolver.TFConfigClusterResolver()
    return tf.distribute.ParameterServerStrategy(resolver)


def start_server(device: str) -> None:
    """Serve a chief as the task in TF_CONFIG, until this process ends."""
    if device == "cpu":
        _configure_cpus(1)
    resolver = tf.distribute.cluster_resolver.TFConfigClusterResolver()
    tf.distribute.Server(
        resolver.cluster_spec(),
        job_name=resolver.task_type,
        task_index=resolver.task_id,
        protocol="grpc",
    )


_BUILDERS = {
    "default": _default,
    "one_device": _one_device,
    "mirrored": _mirrored,
    "multi_worker_mirrored": _multi_worker_mirrored,
    "central_storage": _central_storage,
    "parameter_server": _parameter_server,
}


def require_replicas(strategy: Any, deployment: Deployment) -> None:
    """Check that all replicas exist, each on an existing device.

    MirroredStrategy accepts a second CPU that was never configured, and puts both replicas on the
    first one without a message.

    Raises:
        RuntimeError: a replica or its device is missing.
    """
    existing = {place(device.name) for device in tf.config.list_logical_devices()}
    found = {place(device) for device in replica_devices(strategy)} & existing
    asked = deployment.in_sync
    if (strategy.num_replicas_in_sync, len(found)) != (asked.replicas, asked.replicas_per_worker):
        raise RuntimeError(
            f"{deployment} should have {asked.replicas} replicas,"
            f" {asked.replicas_per_worker} of them here, but has {strategy.num_replicas_in_sync},"
            f" on {', '.join(sorted(found)) or 'no device'}"
        )
