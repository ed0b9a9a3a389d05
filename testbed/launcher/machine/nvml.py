"""Calls NVML, NVIDIA's management library, which knows GPUs that TensorFlow may not see."""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Iterator

LIBRARY = "libnvidia-ml.so.1"
"""The library of NVML, which the driver brings."""

_LONGEST_TEXT = 96
_LINKS = 36
_LINK_SPEED_FIELD = 90
"""NVML_FI_DEV_NVLINK_SPEED_MBPS_COMMON."""

Handle = ctypes.c_void_p


class NvmlError(Exception):
    """NVML cannot be opened, or does not answer; the message says why."""


class _Memory(ctypes.Structure):
    """`nvmlMemory_t`."""

    _fields_ = (
        ("total", ctypes.c_ulonglong),
        ("free", ctypes.c_ulonglong),
        ("used", ctypes.c_ulonglong),
    )


class _Field(ctypes.Structure):
    """`nvmlFieldValue_t`, with a value that is an unsigned int."""

    _fields_ = (
        ("field", ctypes.c_uint),
        ("scope", ctypes.c_uint),
        ("timestamp", ctypes.c_longlong),
        ("latency", ctypes.c_longlong),
        ("type", ctypes.c_int),
        ("result", ctypes.c_int),
        ("value", ctypes.c_uint),
        ("_rest", ctypes.c_uint),
    )


class Nvml:
    """An open NVML. A fact that it does not know raises `NvmlError`."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library

    def driver(self) -> str:
        """The version of the driver, like `580.65.06`."""
        return self._text("nvmlSystemGetDriverVersion")

    def cuda(self) -> int:
        """The newest CUDA version that the driver supports, like 13000 for 13.0."""
        version = ctypes.c_int()
        self._call("nvmlSystemGetCudaDriverVersion_v2", ctypes.byref(version))
        return version.value

    def gpus(self) -> list[Handle]:
        """The GPUs of the machine, whatever CUDA_VISIBLE_DEVICES says."""
        count = self._number("nvmlDeviceGetCount_v2")
        return [self._device("nvmlDeviceGetHandleByIndex_v2", index) for index in range(count)]

    def instances(self, gpu: Handle) -> list[Handle]:
        """The MIG instances of a GPU; none where MIG is off, or the GPU has no MIG."""
        found = []
        try:
            for index in range(self._number("nvmlDeviceGetMaxMigDeviceCount", gpu)):
                with contextlib.suppress(NvmlError):
                    found.append(self._device("nvmlDeviceGetMigDeviceHandleByIndex", gpu, index))
        except NvmlError:
            return []
        return found

    def name(self, gpu: Handle) -> str:
        """The name of a GPU."""
        return self._text("nvmlDeviceGetName", gpu)

    def uuid(self, gpu: Handle) -> str:
        """The UUID of a GPU or of a MIG instance, as CUDA_VISIBLE_DEVICES takes it."""
        return self._text("nvmlDeviceGetUUID", gpu)

    def memory(self, gpu: Handle) -> tuple[int, int]:
        """The memory of a GPU and what is free of it, in bytes."""
        memory = _Memory()
        self._call("nvmlDeviceGetMemoryInfo", gpu, ctypes.byref(memory))
        return memory.total, memory.free

    def pcie(self, gpu: Handle) -> tuple[int, int]:
        """The highest PCIe generation of both card and board, and the number of lanes."""
        return (
            self._number("nvmlDeviceGetMaxPcieLinkGeneration", gpu),
            self._number("nvmlDeviceGetMaxPcieLinkWidth", gpu),
        )

    def nvlinks(self, gpu: Handle) -> tuple[int, int]:
        """The number of active NVLinks of a GPU, and the MB/s of each in one direction."""
        active = 0
        for link in range(_LINKS):
            try:
                active += self._number("nvmlDeviceGetNvLinkState", gpu, link)
            except NvmlError:
                break
        if not active:
            return 0, 0
        speed = _Field(field=_LINK_SPEED_FIELD)
        self._call("nvmlDeviceGetFieldValues", gpu, 1, ctypes.byref(speed))
        if speed.result:
            raise NvmlError(f"the speed of NVLinks is unknown (error {speed.result})")
        return active, speed.value

    def _device(self, function: str, *arguments: object) -> Handle:
        found = Handle()
        self._call(function, *arguments, ctypes.byref(found))
        return found

    def _number(self, function: str, *arguments: object) -> int:
        found = ctypes.c_uint()
        self._call(function, *arguments, ctypes.byref(found))
        return found.value

    def _text(self, function: str, *arguments: object) -> str:
        text = ctypes.create_string_buffer(_LONGEST_TEXT)
        self._call(function, *arguments, text, _LONGEST_TEXT)
        return text.value.decode(errors="replace")

    def _call(self, function: str, *arguments: object) -> None:
        """Call a function of NVML; each returns 0, or the number of an error."""
        try:
            result = getattr(self._library, function)(*arguments)
        except AttributeError:
            raise NvmlError(f"{function} is not in this driver's NVML") from None
        if result:
            raise NvmlError(f"{function}: {_error_text(self._library, result)}")


@contextlib.contextmanager
def open_nvml() -> Iterator[Nvml]:
    """Open NVML for a block.

    Raises:
        NvmlError: there is no NVIDIA driver, or NVML does not start.
    """
    try:
        library = ctypes.CDLL(LIBRARY)
    except OSError as problem:
        raise NvmlError(f"{LIBRARY} cannot be opened: {problem}") from problem
    nvml = Nvml(library)
    nvml._call("nvmlInit_v2")
    try:
        yield nvml
    finally:
        library.nvmlShutdown()


def _error_text(library: ctypes.CDLL, result: int) -> str:
    describe = library.nvmlErrorString
    describe.restype = ctypes.c_char_p
    text: bytes | None = describe(result)
    return text.decode(errors="replace") if text else f"error {result}"
