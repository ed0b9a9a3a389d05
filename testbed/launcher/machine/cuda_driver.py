"""Calls the CUDA driver: which GPUs a process may use, under which ids, or why it may use none."""

from __future__ import annotations

import ctypes
import uuid
from dataclasses import dataclass

LIBRARY = "libcuda.so.1"
"""The library of the CUDA driver."""

NO_DEVICE = 100
"""CUDA_ERROR_NO_DEVICE: no GPU, or CUDA_VISIBLE_DEVICES hides all."""

NOT_FOUND = -1
"""The library cannot be opened."""


@dataclass(frozen=True)
class CudaDriver:
    """What the CUDA driver answers a process, under its CUDA_VISIBLE_DEVICES."""

    problem: str
    """Why it offers nothing, in its words; empty where it started."""
    code: int
    """The result of cuInit: 0, the number of an error, or NOT_FOUND."""
    uuids: tuple[str, ...]
    """The UUIDs of the GPUs, or of the MIG instance, in CUDA's order, without a prefix."""


def ask_cuda_driver() -> CudaDriver:
    """Start the CUDA driver in this process, and list its GPUs.

    A process that has started it cannot be forked into one that uses GPUs.
    """
    try:
        library = ctypes.CDLL(LIBRARY)
    except OSError as problem:
        return CudaDriver(str(problem), NOT_FOUND, ())
    if code := library.cuInit(0):
        return CudaDriver(_error_name(library, code), code, ())
    count = ctypes.c_int()
    library.cuDeviceGetCount(ctypes.byref(count))
    return CudaDriver("", 0, tuple(_uuid(library, index) for index in range(count.value)))


def _uuid(library: ctypes.CDLL, index: int) -> str:
    device, found = ctypes.c_int(), (ctypes.c_ubyte * 16)()
    library.cuDeviceGet(ctypes.byref(device), index)
    # In contrast to the first version of this function, it knows MIG instances.
    library.cuDeviceGetUuid_v2(ctypes.byref(found), device)
    return str(uuid.UUID(bytes=bytes(found)))


def _error_name(library: ctypes.CDLL, code: int) -> str:
    name = ctypes.c_char_p()
    library.cuGetErrorName(code, ctypes.byref(name))
    return name.value.decode() if name.value else f"error {code}"
