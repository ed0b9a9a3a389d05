"""Reports the devices that TensorFlow sees on a host, and what it lacks for GPUs."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy
import tensorflow as tf

from testbed.cluster.cuda_libraries import NCCL, CudaLibrary, cuda_libraries
from testbed.launcher.machine.cuda_driver import CudaDriver, ask_cuda_driver
from testbed.launcher.machine.gpus import GpuShare, gpu_shares
from testbed.launcher.machine.machine import identity
from testbed.launcher.run_folder import write_json
from testbed.launcher.server.channel import Channel
from testbed.orders.devices import (
    LIST_DEVICES,
    CudaSupport,
    DeviceOrders,
    DeviceReport,
    MissingLibrary,
    VisibleGpu,
)

_GPU, _MIG = "GPU-", "MIG-"
_OPENS_NCCL = (2, 21)


@LIST_DEVICES.implementation
def list_devices(orders: DeviceOrders, channel: Channel) -> None:
    """Report the devices that TensorFlow sees."""
    listed = [_name(gpu) for gpu in tf.config.list_physical_devices("GPU")]
    driver = ask_cuda_driver()
    found = DeviceReport(
        tensorflow=tf.__version__,
        numpy=numpy.__version__,
        keras=keras_version(),
        machine=identity(),
        cpus=len(tf.config.list_physical_devices("CPU")),
        gpus=visible_gpus(listed, driver.uuids, gpu_shares()),
        cuda=_cuda_support(driver, len(listed)),
    )
    channel.phase("joined")
    write_json(Path(orders.report), asdict(found))
    channel.reported(good=True)
    channel.wait_for_leave()


def keras_version() -> str:
    """The version of the Keras that `tf.keras` is."""
    # Keras 2, and TF_USE_LEGACY_KERAS, make tf.keras a module without a version. Its classes are
    # from the package that has one: keras or tf_keras.
    package = tf.keras.Model.__module__.partition(".")[0]
    return str(sys.modules[package].__version__)


def visible_gpus(
    listed: Sequence[str], uuids: Sequence[str], shares: Sequence[GpuShare]
) -> tuple[VisibleGpu, ...]:
    """The GPUs or MIG instances that workers can use, under the ids that name each alone.

    A process sees one MIG instance at most, but each worker can use another one.

    Args:
        listed: the name of each GPU that TensorFlow lists, in its order.
        uuids: the UUIDs of the GPUs that CUDA shows this process, in the same order.
        shares: all GPUs and MIG instances of the machine.
    """
    free = {share.uuid: share.free_mib for share in shares}
    ids = [_MIG + uuid if _MIG + uuid in free else _GPU + uuid for uuid in uuids]
    if listed and ids and ids[0].startswith(_MIG):
        ids = _instances(ids[0], [share.uuid for share in shares])
        listed = [listed[0]] * len(ids)
    return tuple(VisibleGpu(name, id, free.get(id)) for name, id in zip(listed, ids, strict=False))


def _instances(shown: str, known: Sequence[str]) -> list[str]:
    """The MIG instances that CUDA_VISIBLE_DEVICES allows, of which CUDA shows only the first."""
    outer = os.environ.get("CUDA_VISIBLE_DEVICES")
    if outer is None:
        return [each for each in known if each.startswith(_MIG)]
    named = (entry.strip() for entry in outer.split(","))
    found = [
        next((each for each in known if entry.startswith(_MIG) and each.startswith(entry)), "")
        for entry in named
    ]
    return found if all(found) else [shown]


def _name(gpu: tf.config.PhysicalDevice) -> str:
    return str(tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name))


def _cuda_support(driver: CudaDriver, listed: int) -> CudaSupport:
    """What TensorFlow needs for GPUs, and lacks for those that CUDA shows."""
    info = tf.sysconfig.get_build_info()
    build, cudnn = str(info.get("cuda_version", "")), str(info.get("cudnn_version", ""))
    needed: tuple[CudaLibrary, ...] = ()
    if driver.uuids and not listed:
        needed = cuda_libraries(build, cudnn)
    elif listed > 1 and tuple(map(int, tf.__version__.split(".")[:2])) >= _OPENS_NCCL:
        needed = (NCCL,)
    missing = (_missing(library) for library in needed)
    return CudaSupport(build, cudnn, driver, tuple(each for each in missing if each))


def _missing(library: CudaLibrary) -> MissingLibrary | None:
    """Why a library cannot be opened; None where it can."""
    with contextlib.suppress(OSError):
        # TensorFlow has opened it, in whichever folder.
        ctypes.CDLL(library.file, mode=os.RTLD_NOLOAD)
        return None
    # TensorFlow looks into the folders of NVIDIA's packages, where ctypes does not look.
    packaged = Path(tf.__file__).parents[1] / library.folder / library.file
    try:
        ctypes.CDLL(str(packaged) if packaged.exists() else library.file)
    except OSError as problem:
        return MissingLibrary(library.file, str(problem))
    return None
