"""Reads how much memory of its devices this worker uses, and what else is free."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

import tensorflow as tf

from testbed.launcher.machine.gpus import GpuShare, gpu_shares
from testbed.launcher.machine.memory import available, memory_of_process
from testbed.verdict.device_memory import HOST, DeviceMemory
from testbed.verdict.diagnosis import place
from testbed.worker.probes import runtime_has_started

_MIB = 2**20


def device_memory() -> tuple[DeviceMemory, ...] | None:
    """The memory of each GPU of this process; None without one, or if it cannot be read.

    TensorFlow has no such numbers for CPUs: it counts only large blocks there, for all logical
    devices together, whether or not the process has touched them. This starts no runtime.
    """
    # The program may have left TensorFlow in any state.
    with contextlib.suppress(Exception):
        return _of_gpus() if runtime_has_started() else None
    return None


def memory_of_replicas() -> tuple[DeviceMemory, ...]:
    """The memory of each GPU of this process; without one, that of the process itself."""
    return device_memory() or (_of_host(HOST),)


def memory_at(device: str) -> DeviceMemory | None:
    """The memory of one device, also of a CPU; None where it cannot be read.

    Args:
        device: its name, like `GPU:0`. Without a name, the only GPU is meant.
    """
    if device.startswith(HOST):
        return _of_host(device)
    found = device_memory() or ()
    named = [each for each in found if device in (each.device, "")]
    return named[0] if len(named) == 1 else None


def _of_gpus() -> tuple[DeviceMemory, ...] | None:
    gpus = tf.config.list_logical_devices("GPU")
    shares = {share.uuid: share for share in gpu_shares()} if gpus else {}
    parts = zip(gpus, _parts_of_cards(), strict=False)
    return tuple(_of_gpu(gpu, shares.get(card), limit) for gpu, (card, limit) in parts) or None


def _of_host(device: str) -> DeviceMemory:
    process = memory_of_process()
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return DeviceMemory(
        device, process["proportional"], process["peak"], total=total, free=available()
    )


def _of_gpu(gpu: Any, card: GpuShare | None, limit_mib: float | None) -> DeviceMemory:
    info = tf.config.experimental.get_memory_info(place(gpu.name))
    return DeviceMemory(
        place(gpu.name),
        info["current"],
        info["peak"],
        _bytes(limit_mib),
        _bytes(card.total_mib if card else None),
        _bytes(card.free_mib if card else None),
    )


def _bytes(mib: float | None) -> int | None:
    return None if mib is None else int(mib * _MIB)


def _parts_of_cards() -> Iterator[tuple[str, float | None]]:
    """The card of each logical GPU, as CUDA_VISIBLE_DEVICES names it, and its limit in MiB."""
    # The launching process lists UUIDs there, in the order in which TensorFlow lists the GPUs.
    named = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
    for card, gpu in zip_longest(named, tf.config.get_visible_devices("GPU"), fillvalue=""):
        for part in (gpu and tf.config.get_logical_device_configuration(gpu)) or [None]:
            yield card, part and part.memory_limit
