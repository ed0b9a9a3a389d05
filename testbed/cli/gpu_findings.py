"""Findings of `testbed doctor` about GPUs: what is there, and why TensorFlow may not use it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from testbed.cluster.cuda_libraries import ALL_PACKAGES, LEAST_DRIVER, package_of
from testbed.launcher.machine.cuda_driver import LIBRARY, NO_DEVICE, NOT_FOUND
from testbed.launcher.machine.gpus import Gpu, GpuDriver, cards, gpu_driver
from testbed.launcher.machine.nvml import LIBRARY as NVML
from testbed.launcher.machine.nvml import NvmlError
from testbed.orders.devices import DeviceReport

_CONTAINER = "in a container, start it with --gpus all (docker, podman) or --nv (apptainer)"
_ALL_PARTS = (
    "install all parts of the driver; in a container, set"
    " NVIDIA_DRIVER_CAPABILITIES=compute,utility"
)

_OF_CODES = {
    34: "LD_LIBRARY_PATH leads to CUDA's stubs, which no program can run with: remove that folder",
    NO_DEVICE: "nvidia-smi -L lists the GPUs of the driver; " + _CONTAINER,
    802: "start nvidia-fabricmanager, which GPUs with NVSwitch need",
    803: "the driver was updated while its modules are loaded: restart the machine, or reload them;"
    " in a container, use libraries as old as the host's driver",
    999: "restart the machine, or reload the module nvidia_uvm: modprobe -r nvidia_uvm, then"
    " modprobe nvidia_uvm",
}
"""What to do about a result of cuInit."""


@dataclass(frozen=True)
class DoctorFinding:
    """One property of this machine; `cure` is set where the property needs attention."""

    what: str
    cure: str = ""


@dataclass(frozen=True)
class GpuHost:
    """The GPUs of a machine, as they are found without TensorFlow."""

    driver: GpuDriver | None
    """The driver; None where NVML does not answer."""
    problem: str
    """Why NVML does not answer; empty where it does."""
    cards: int
    """The number of GPUs on the PCI bus."""
    visible: str | None
    """CUDA_VISIBLE_DEVICES; None if it is not set."""

    @property
    def count(self) -> int:
        """The number of GPUs."""
        return len(self.driver.gpus) if self.driver else self.cards


def this_gpu_host() -> GpuHost:
    """Find the GPUs of this machine."""
    driver, problem = None, ""
    try:
        driver = gpu_driver()
    except NvmlError as error:
        problem = str(error)
    return GpuHost(driver, problem, cards(), os.environ.get("CUDA_VISIBLE_DEVICES"))


def gpu_findings(found: DeviceReport, host: GpuHost) -> Iterator[DoctorFinding]:
    """The findings about GPUs, the first cause first.

    Args:
        found: the devices that TensorFlow lists, and what it has for GPUs.
        host: what is there.
    """
    if host.driver and host.driver.gpus:
        yield DoctorFinding(f"GPUs: {_described(host.driver)}")
    if found.gpus:
        yield from _listed(found, host)
    elif host.count or found.cuda.driver.uuids:
        yield _unlisted(found, host)
    else:
        yield DoctorFinding("GPUs: none; runs use logical CPU devices")
    yield from _old_driver(found, host)
    yield from _missing(found)


def _described(driver: GpuDriver) -> str:
    """The GPUs of a driver in one line: `2 x NVIDIA H200 (139 GiB, NVLink 450 GB/s); ...`."""
    kinds = Counter(map(_kind, driver.gpus))
    gpus = ", ".join(f"{count} x {kind}" for kind, count in kinds.items())
    cuda = f" for CUDA {driver.cuda}" if driver.cuda else ""
    return f"{gpus}; driver {driver.version}{cuda} (read from NVML)"


def _kind(gpu: Gpu) -> str:
    facts = []
    if gpu.memory_mib:
        facts.append(f"{gpu.memory_mib / 1024:.0f} GiB")
    if gpu.nvlink_gb_s:
        facts.append(f"NVLink {gpu.nvlink_gb_s:g} GB/s")
    elif gpu.pcie_generation:
        facts.append(f"PCIe {gpu.pcie_generation} x{gpu.pcie_width}")
    if gpu.mig_instances:
        facts.append(f"MIG on with {gpu.mig_instances} instances")
    return f"{gpu.name} ({', '.join(facts)})"


def _listed(found: DeviceReport, host: GpuHost) -> Iterator[DoctorFinding]:
    count = len(found.gpus)
    names = ", ".join(gpu.name for gpu in found.gpus)
    built = f"built for CUDA {found.cuda.build} and cuDNN {found.cuda.cudnn}"
    if found.gpus[0].id.startswith("MIG-"):
        what = f"TensorFlow ({built}) can use {count} MIG instances, each process one"
    elif host.visible is not None and count < host.count:
        what = (
            f"TensorFlow ({built}) lists {names}: CUDA_VISIBLE_DEVICES={host.visible} leaves"
            f" {count} of {host.count} GPUs"
        )
    else:
        what = f"TensorFlow ({built}) lists {names}"
    yield DoctorFinding(what)


def _unlisted(found: DeviceReport, host: GpuHost) -> DoctorFinding:
    """Why TensorFlow lists none of the GPUs; the causes in the order in which TensorFlow stops."""
    driver, none = found.cuda.driver, "TensorFlow lists no GPU: "
    if not found.cuda.build:
        return DoctorFinding(
            f"{none}{found.tensorflow} is a build for CPUs only",
            f"pip uninstall tensorflow-cpu, then: {ALL_PACKAGES}",
        )
    if driver.code == NOT_FOUND and not host.driver:
        return DoctorFinding(
            f"{none}a card is on the PCI bus, and no driver is found ({driver.problem})",
            f"install NVIDIA's driver; {_CONTAINER}",
        )
    if driver.code == NOT_FOUND:
        return DoctorFinding(f"{none}{LIBRARY} is missing ({driver.problem})", _ALL_PARTS)
    if driver.code == NO_DEVICE and host.visible is not None and host.count:
        return DoctorFinding(
            f"{none}CUDA_VISIBLE_DEVICES={host.visible!r} hides all {host.count} GPUs",
            "unset CUDA_VISIBLE_DEVICES, or list GPUs by index or by the ids of nvidia-smi -L, each"
            " once: -1, an empty list, a wrong first entry and a GPU named twice hide all",
        )
    if driver.code:
        cure = _OF_CODES.get(driver.code, "dmesg may say more; restart the machine")
        return DoctorFinding(f"{none}cuInit fails with {driver.problem} ({driver.code})", cure)
    if not host.driver:
        return DoctorFinding(
            f"{none}it asks {NVML}, and without an answer it says nothing ({host.problem})",
            _ALL_PARTS,
        )
    if found.cuda.missing:
        names = ", ".join(library.file for library in found.cuda.missing)
        return DoctorFinding(f"{none}it cannot open {names}", ALL_PACKAGES)
    return DoctorFinding(
        f"{none}driver and libraries are there, and the reason is not known",
        "TF_CPP_MAX_VLOG_LEVEL=1 TF_CPP_MIN_LOG_LEVEL=0 python -c"
        " 'import tensorflow as tf; tf.config.list_physical_devices()' shows each step",
    )


def _old_driver(found: DeviceReport, host: GpuHost) -> Iterator[DoctorFinding]:
    # TensorFlow lists the GPUs of a driver that is too old, and fails when it uses one.
    if not host.driver or not host.driver.cuda or not found.cuda.build:
        return
    needed = int(found.cuda.build.partition(".")[0])
    if int(host.driver.cuda.partition(".")[0]) < needed:
        least = LEAST_DRIVER.get(needed, "a newer version")
        yield DoctorFinding(
            f"driver {host.driver.version} supports CUDA {host.driver.cuda}, and TensorFlow"
            f" {found.tensorflow} is built for CUDA {found.cuda.build}",
            f"update the driver: CUDA {needed} needs {least}",
        )


def _missing(found: DeviceReport) -> Iterator[DoctorFinding]:
    for library in found.cuda.missing:
        package = package_of(library.file, found.cuda.build, found.cuda.cudnn)
        yield DoctorFinding(
            f"{library.file} is missing ({library.why})",
            f"pip install {package}; all libraries of this TensorFlow at once: {ALL_PACKAGES}",
        )
