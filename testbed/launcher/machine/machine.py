"""Describes this machine, as far as that affects a run's results and costs."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from testbed.decoding import Range

_GPU_QUERY = "name,driver_version,memory.total,pcie.link.gen.max,pcie.link.width.max"
_GPU_DEADLINE_S = 20.0
_LINK = re.compile(r"\s+Link \d+: ([\d.]+) GB/s")


@dataclass(frozen=True)
class Gpu:
    """One GPU, as nvidia-smi reports it."""

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
    """The GPUs, in the order of nvidia-smi."""
    nccl: str | None
    """The version of the NCCL package that TensorFlow's CUDA extra installs; None where there is
    none."""


def describe_machine() -> Machine:
    """Describe this machine."""
    return Machine(
        system=platform.platform(),
        processor=_processor(),
        cores=usable_cores(),
        memory_gib=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        governor=governor(),
        gpus=gpus(),
        nccl=_version_of("nvidia-nccl-cu12", "nvidia-nccl-cu13"),
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


def gpus() -> tuple[Gpu, ...]:
    """Name, driver, memory and links of each GPU, read from nvidia-smi."""
    listing = _ask_nvidia_smi(f"--query-gpu={_GPU_QUERY}", "--format=csv,noheader,nounits")
    links = nvlinks_of(_ask_nvidia_smi("nvlink", "--status")) if listing else []
    lines = [line for line in listing.splitlines() if line.strip()]
    return tuple(
        gpu_of(line, links[number] if number < len(links) else 0.0)
        for number, line in enumerate(lines)
    )


def _ask_nvidia_smi(*arguments: str) -> str:
    """The output of nvidia-smi; empty where it is missing or fails."""
    try:
        return subprocess.run(
            ["nvidia-smi", *arguments],
            capture_output=True,
            text=True,
            timeout=_GPU_DEADLINE_S,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return ""


def nvlinks_of(status: str) -> list[float]:
    """Total NVLink GB/s of each GPU, read from the output of `nvidia-smi nvlink --status`."""
    found: list[float] = []
    for line in status.splitlines():
        link = _LINK.match(line)
        if line.startswith("GPU "):
            found.append(0.0)
        elif link and found:
            found[-1] += float(link[1])
    return found


def gpu_of(line: str, nvlink: float = 0.0) -> Gpu:
    """Parse one line of nvidia-smi's answer."""
    name, driver, memory, generation, width = (part.strip() for part in line.split(","))
    return Gpu(name, driver, _number(memory), _number(generation), _number(width), nvlink or None)


def _number(text: str) -> int | None:
    return int(text) if text.isdigit() else None


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
