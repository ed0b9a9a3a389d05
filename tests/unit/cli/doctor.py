"""A doctor that starts no worker, for tests of what else it finds."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

import pytest

from testbed.launcher.isolation.isolation import Isolation
from testbed.orders.case import DeviceReport


def without_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer for the worker that reports devices and versions."""

    def answer(work: Coroutine[Any, Any, Any]) -> tuple[DeviceReport, Isolation]:
        work.close()
        found = DeviceReport("2", "2", "3", "machine", None, cpus=1, gpus=())
        return found, Isolation(network=True, processes=True)

    monkeypatch.setattr("testbed.signals.interruptible", answer)
