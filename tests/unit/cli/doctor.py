"""A doctor that starts no worker, for tests of what else it finds."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

import pytest

from testbed.launcher.isolation.isolation import Isolation
from testbed.launcher.machine.cuda_driver import NOT_FOUND, CudaDriver
from testbed.orders.devices import CudaSupport, DeviceReport

CUDA = CudaSupport("12.5.1", "9", CudaDriver("not found", NOT_FOUND, ()), ())
"""What TensorFlow has for GPUs on a machine without any."""


def without_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer for the worker that reports devices and versions."""

    def answer(work: Coroutine[Any, Any, Any]) -> tuple[DeviceReport, Isolation]:
        work.close()
        found = DeviceReport("2", "2", "3", "machine", 1, (), CUDA)
        return found, Isolation(network=True, processes=True)

    monkeypatch.setattr("testbed.signals.interruptible", answer)
