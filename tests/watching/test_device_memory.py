"""The memory of devices: no number for CPUs, and for GPUs what TensorFlow and the driver report."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import tensorflow as tf

from testbed.launcher.machine.gpus import GpuShare
from testbed.verdict.device_memory import DeviceMemory
from testbed.worker import device_memory as module
from testbed.worker.device_memory import device_memory, memory_at
from testbed.worker.probes import runtime_has_started

MIB = 2**20
CARDS = (GpuShare("GPU-a", 5000, 8000), GpuShare("GPU-b", None, None))


@pytest.fixture
def gpus(mirrored: Any, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Two GPUs, whose allocator is the one that TensorFlow has for the first CPU."""
    tf.zeros([2**18]) + 1
    logical = [SimpleNamespace(name=f"/device:GPU:{number}") for number in range(2)]
    real = tf.config.experimental.get_memory_info
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda _: logical)
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda _: ["first", "second"])
    monkeypatch.setattr(tf.config, "get_logical_device_configuration", lambda _: None)
    monkeypatch.setattr(tf.config.experimental, "get_memory_info", lambda _: real("CPU:0"))
    monkeypatch.setattr(module, "gpu_shares", lambda: CARDS)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-b,GPU-a")
    return monkeypatch


def test_cpus_have_no_such_numbers(mirrored: Any) -> None:
    """The runtime has started, and there is no GPU."""
    assert runtime_has_started()
    assert device_memory() is None
    assert memory_at("GPU:0") is None


def test_an_error_of_a_cpu_gets_the_memory_of_the_host() -> None:
    """What the process uses, and what the machine has left."""
    found = memory_at("CPU:1")
    assert found
    assert (found.device, found.limit) == ("CPU:1", None)
    assert min(found.used, found.peak, found.free or 0, found.total or 0) > 0


def test_each_gpu_has_the_numbers_of_its_card(gpus: pytest.MonkeyPatch) -> None:
    """CUDA_VISIBLE_DEVICES says which card a GPU is; a card without numbers has none."""
    info = tf.config.experimental.get_memory_info("GPU:0")
    assert info["peak"] > 0
    first, second = device_memory() or ()
    assert first == DeviceMemory("GPU:0", info["current"], info["peak"])
    assert (second.device, second.total, second.free) == ("GPU:1", 8000 * MIB, 5000 * MIB)
    assert memory_at("GPU:1") == second
    assert memory_at("") is None, "of two GPUs an error without a name may mean either"


def test_parts_of_a_split_gpu_have_limits_and_one_card(gpus: pytest.MonkeyPatch) -> None:
    """Two logical GPUs of 1 GiB share the card that is visible."""
    parts = [SimpleNamespace(memory_limit=1024)] * 2
    gpus.setattr(tf.config, "get_visible_devices", lambda _: ["only"])
    gpus.setattr(tf.config, "get_logical_device_configuration", lambda _: parts)
    gpus.setenv("CUDA_VISIBLE_DEVICES", "GPU-a")
    found = device_memory() or ()
    assert [(each.device, each.limit, each.total) for each in found] == [
        (f"GPU:{number}", 1024 * MIB, 8000 * MIB) for number in range(2)
    ]


def test_a_runtime_in_a_bad_state_gives_no_numbers(gpus: pytest.MonkeyPatch) -> None:
    """What the program did to TensorFlow raises nothing here."""

    def broken(_: str) -> dict[str, int]:
        raise tf.errors.InternalError(None, None, "the device is lost")

    gpus.setattr(tf.config.experimental, "get_memory_info", broken)
    assert device_memory() is None
