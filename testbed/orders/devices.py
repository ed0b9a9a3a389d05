"""Orders of the worker that lists the devices of a host, and its report."""

from __future__ import annotations

from dataclasses import dataclass

from testbed.launcher.entry import Entry
from testbed.launcher.machine.cuda_driver import CudaDriver


@dataclass(frozen=True)
class DeviceOrders:
    """The orders of a worker that lists the devices which TensorFlow sees."""

    report: str
    """The file for the `DeviceReport`."""


@dataclass(frozen=True)
class VisibleGpu:
    """A GPU that a worker can use."""

    name: str
    id: str
    """Its id, as CUDA_VISIBLE_DEVICES takes it."""
    free_mib: int | None
    """The memory that no process has taken; None where it is unknown."""


@dataclass(frozen=True)
class MissingLibrary:
    """A library of CUDA that TensorFlow cannot open."""

    file: str
    why: str
    """What the dynamic linker says."""


@dataclass(frozen=True)
class CudaSupport:
    """What TensorFlow needs for GPUs, and what it has of it."""

    build: str
    """The CUDA version that TensorFlow was built for; empty for a build for CPUs."""
    cudnn: str
    """The cuDNN version that it was built for."""
    driver: CudaDriver
    missing: tuple[MissingLibrary, ...]
    """Libraries that it needs for the GPUs which the driver shows, and cannot open."""


@dataclass(frozen=True)
class DeviceReport:
    """The devices and versions that TensorFlow reports on a host."""

    tensorflow: str
    numpy: str
    keras: str
    machine: str
    """The identity of the machine."""
    cpus: int
    gpus: tuple[VisibleGpu, ...]
    """The GPUs, in TensorFlow's order; or the MIG instances, of which each process sees one."""
    cuda: CudaSupport


LIST_DEVICES = Entry("testbed.worker.devices:list_devices", DeviceOrders)
