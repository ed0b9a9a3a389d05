"""Describes this machine, as far as that affects a run's results and costs."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from testbed.decoding import Later, Range
from testbed.launcher.machine.gpus import Gpu, found_gpu_driver


@dataclass(frozen=True)
class Machine:
    """A machine as far as it affects results and costs; without its owner's name."""

    system: str
    """The operating system, as `platform.platform()` names it."""
    processor: str
    """The name of the processor."""
    cores: Annotated[int, Range(1, 10**6)]
    """The number of cores that the run may use."""
    memory_gib: Annotated[float, Range(0, 10**9)]
    """The memory that the kernel manages, in GiB."""
    governor: str | None
    """How the kernel sets the clock of the cores; None where it is unknown."""
    gpus: tuple[Gpu, ...]
    """The GPUs, in the order of NVML."""
    nccl: str | None
    """The version of the NCCL package that TensorFlow's CUDA extra installs; None where there is
    none."""
    cudnn: Annotated[str | None, Later()] = None
    """The version of the cuDNN package that it installs; None where there is none."""
    cuda: Annotated[str | None, Later()] = None
    """The newest CUDA version that the driver of the GPUs supports; None where it is unknown."""


def describe_machine() -> Machine:
    """Describe this machine."""
    driver = found_gpu_driver()
    return Machine(
        system=platform.platform(),
        processor=_processor(),
        cores=usable_cores(),
        memory_gib=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        governor=governor(),
        gpus=driver.gpus if driver else (),
        nccl=_version_of("nvidia-nccl-cu12", "nvidia-nccl-cu13"),
        cudnn=_version_of("nvidia-cudnn-cu12", "nvidia-cudnn-cu13"),
        cuda=(driver.cuda or None) if driver else None,
    )


def identity() -> str:
    """A text that identifies this machine, as its processes see it.

    Machines of a cluster may all be called localhost; containers of one machine, which may have
    GPUs of their own under the same numbers, share its kernel.
    """
    try:
        kernel = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        kernel = ""
    return f"{socket.gethostname()} {kernel}"


def usable_cores() -> int:
    """The number of cores that this process may use; a container may restrict it."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def governor() -> str | None:
    """The first core's frequency governor, like `performance` or `powersave`."""
    try:
        return Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor").read_text().strip()
    except OSError:
        return None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


def _version_of(*packages: str) -> str | None:
    for package in packages:
        try:
            return importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return None
