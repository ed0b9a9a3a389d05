"""A doctor that starts no worker, for tests of what else it finds."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

import pytest

from testbed.launcher.isolation.isolation import Isolation


def without_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer for the worker that reports devices and versions."""

    def answer(work: Coroutine[Any, Any, Any]) -> tuple[dict[str, Any], Isolation]:
        work.close()
        return {"keras": "3", "numpy": "2", "gpus": []}, Isolation(network=True, processes=True)

    monkeypatch.setattr("testbed.signals.interruptible", answer)
