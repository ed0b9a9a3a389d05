"""The memory of a device, as a worker read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from testbed.decoding import Range

Bytes = Annotated[int, Range(0, 2**63)]

HOST = "CPU"
"""The name of the machine's memory, which all CPU devices of a process share."""


@dataclass(frozen=True)
class DeviceMemory:
    """The memory of one device, in bytes."""

    device: str
    """Its name in the worker, like `GPU:0`."""
    used: Bytes
    """The bytes that the worker used there when it was read: on a GPU those of its tensors."""
    peak: Bytes
    """The most that the worker used there at one time."""
    limit: Bytes | None = None
    """The most that the worker may use there: the memory limit of a logical device; None without
    one."""
    total: Bytes | None = None
    """The memory of the whole card; None where the driver does not report it."""
    free: Bytes | None = None
    """The bytes of the card that no process had taken; None where it is unknown."""

    @property
    def available(self) -> int | None:
        """The bytes that the worker could still take, at most; None where it is unknown."""
        # A logical device takes its whole limit of the card at its first use.
        return self.free if self.limit is None else max(0, self.limit - self.used)

    @property
    def most(self) -> int | None:
        """The bytes that the worker could use there, at most; None where it is unknown."""
        if self.device.startswith(HOST):
            return None if self.free is None else self.used + self.free
        # Without a limit, TensorFlow takes the whole card at its first use.
        return self.total if self.limit is None else self.limit


def shown_bytes(count: float) -> str:
    """A number of bytes for people, like `1.5 GiB`."""
    for size, unit in ((2**40, "TiB"), (2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count:.0f} B"


def peaks(memory: Sequence[DeviceMemory]) -> str:
    """The peak of each device for people; empty for no device."""
    return ", ".join(f"{each.device} {shown_bytes(each.peak)}" for each in memory)
