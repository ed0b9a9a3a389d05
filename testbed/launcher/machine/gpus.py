"""Describes the GPUs of this machine and their driver, as NVML reports them."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from testbed.decoding import Count, Later, Range
from testbed.launcher.machine.nvml import Handle, Nvml, NvmlError, open_nvml

_PCI = Path("/sys/bus/pci/devices")
_NVIDIA, _DISPLAY = "0x10de", "0x03"


@dataclass(frozen=True)
class Gpu:
    """One GPU, as NVML reports it."""

    name: str
    """Its name."""
    driver: str
    """The version of the driver."""
    memory_mib: Annotated[int, Range(0, 2**53)] | None
    """Its memory, in MiB; None where it is unknown."""
    pcie_generation: Annotated[int, Range(0, 10**6)] | None
    """The highest PCIe generation of both card and board; None where it is unknown."""
    pcie_width: Annotated[int, Range(0, 10**6)] | None
    """The number of PCIe lanes; None where it is unknown."""
    nvlink_gb_s: Annotated[float, Range(0, 10**9)] | None
    """GB/s of all its NVLinks together, in one direction; None where it has none."""
    mig_instances: Annotated[Count, Later()] = 0
    """The number of its MIG instances; 0 where MIG is off."""


@dataclass(frozen=True)
class GpuShare:
    """A GPU or a MIG instance, one of which CUDA_VISIBLE_DEVICES can name."""

    uuid: str
    """Its id, like `GPU-...` or `MIG-...`."""
    free_mib: int | None
    """The memory that no process has taken, in MiB; None where it is unknown."""
    total_mib: int | None
    """Its memory, in MiB; None where it is unknown."""


@dataclass(frozen=True)
class GpuDriver:
    """The driver of NVIDIA's GPUs, and what it manages."""

    version: str
    """Its version, like `580.65.06`."""
    cuda: str
    """The newest CUDA version that it supports, like `13.0`; empty where it is unknown."""
    gpus: tuple[Gpu, ...]
    """The GPUs, in the order of NVML, whatever CUDA_VISIBLE_DEVICES says."""


def gpu_driver() -> GpuDriver:
    """Describe the driver and its GPUs.

    Raises:
        NvmlError: there is no driver, or it does not answer.
    """
    with open_nvml() as nvml:
        version, cuda = nvml.driver(), ""
        with contextlib.suppress(NvmlError):
            cuda = cuda_version(nvml.cuda())
        return GpuDriver(version, cuda, tuple(_gpu(nvml, gpu, version) for gpu in nvml.gpus()))


def found_gpu_driver() -> GpuDriver | None:
    """The driver and its GPUs; None where no driver answers."""
    with contextlib.suppress(NvmlError):
        return gpu_driver()
    return None


def gpu_shares() -> tuple[GpuShare, ...]:
    """All GPUs, and MIG instances instead of a GPU that has some; empty without a driver."""
    found: list[GpuShare] = []
    with contextlib.suppress(NvmlError), open_nvml() as nvml:
        for gpu in nvml.gpus():
            found += [_share(nvml, each) for each in nvml.instances(gpu) or [gpu]]
    return tuple(found)


def cuda_version(number: int) -> str:
    """The CUDA version of a number like 12050, as `12.5`."""
    return f"{number // 1000}.{number % 1000 // 10}"


def cards() -> int:
    """The number of NVIDIA's GPUs on this machine's PCI bus, whether or not a driver is loaded."""
    found = 0
    with contextlib.suppress(OSError):
        for device in _PCI.iterdir():
            with contextlib.suppress(OSError):
                made_by = (device / "vendor").read_text().strip()
                found += made_by == _NVIDIA and (device / "class").read_text().startswith(_DISPLAY)
    return found


def _share(nvml: Nvml, gpu: Handle) -> GpuShare:
    total, free = None, None
    with contextlib.suppress(NvmlError):
        total, free = (each >> 20 for each in nvml.memory(gpu))
    return GpuShare(nvml.uuid(gpu), free, total)


def _gpu(nvml: Nvml, gpu: Handle, driver: str) -> Gpu:
    memory, generation, width, links = None, None, None, None
    with contextlib.suppress(NvmlError):
        memory = nvml.memory(gpu)[0] >> 20
    with contextlib.suppress(NvmlError):
        generation, width = nvml.pcie(gpu)
    with contextlib.suppress(NvmlError):
        active, each = nvml.nvlinks(gpu)
        links = active * each / 1000 or None
    instances = len(nvml.instances(gpu))
    return Gpu(nvml.name(gpu), driver, memory, generation, width, links, instances)
