"""The GPUs of a machine and its driver, by NVML and by CUDA, on a fake driver."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from testbed.launcher.machine import nvml as nvml_library
from testbed.launcher.machine.cuda_driver import NO_DEVICE, NOT_FOUND
from testbed.launcher.machine.gpus import Gpu, GpuShare, found_gpu_driver, gpu_driver, gpu_shares
from testbed.launcher.machine.machine import describe_machine
from testbed.launcher.machine.nvml import NvmlError
from tests.fake_gpus import NVML, UUIDS, built_driver, gpu, mig

ASK = """\
import json
from dataclasses import asdict
from testbed.launcher.machine.cuda_driver import ask_cuda_driver
print(json.dumps(asdict(ask_cuda_driver())))
"""


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the fake driver."""
    return built_driver(tmp_path_factory.mktemp("gpus") / "driver")


@pytest.fixture
def machine(driver: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A machine whose NVML is the fake; its facts are variables of the environment."""
    monkeypatch.setattr(nvml_library, "LIBRARY", str(driver / NVML))
    return monkeypatch


def test_nvml_describes_gpus_and_driver(machine: pytest.MonkeyPatch) -> None:
    """Name, memory, links, driver and CUDA are those of the driver, for every GPU."""
    machine.setenv("FAKE_GPUS", "2")
    machine.setenv("FAKE_GPU_NAME", "NVIDIA H200")
    machine.setenv("FAKE_GPU_MIB", "143771")
    machine.setenv("FAKE_GPU_NVLINKS", "18")
    machine.setenv("FAKE_GPU_DRIVER", "570.86.10")
    machine.setenv("FAKE_GPU_CUDA", "12080")
    found = gpu_driver()
    assert (found.version, found.cuda) == ("570.86.10", "12.8")
    assert found.gpus == (Gpu("NVIDIA H200", "570.86.10", 143771, 5, 16, 450.0),) * 2
    recorded = describe_machine()
    assert (recorded.gpus, recorded.cuda) == (found.gpus, "12.8")


def test_gpus_without_nvlink_have_none(machine: pytest.MonkeyPatch) -> None:
    """A GPU without NVLinks has no such speed, and keeps its other facts."""
    machine.setenv("FAKE_GPUS", "1")
    assert gpu_driver().gpus == (Gpu("Fake GPU", "580.65.06", 16384, 5, 16, None),)


def test_a_gpu_whose_memory_is_unknown_is_listed(machine: pytest.MonkeyPatch) -> None:
    """A GPU that shares the memory of the host has no memory of its own."""
    machine.setenv("FAKE_GPUS", "1")
    machine.setenv("FAKE_GPU_MIB", "0")
    assert gpu_shares() == (GpuShare(gpu(0), None, None),)
    assert [each.memory_mib for each in gpu_driver().gpus] == [None]


def test_mig_instances_stand_in_for_their_gpu(machine: pytest.MonkeyPatch) -> None:
    """With MIG on, what can be shared out are the instances, each with its memory."""
    machine.setenv("FAKE_GPUS", "2")
    assert gpu_shares() == (GpuShare(gpu(0), 12288, 16384), GpuShare(gpu(1), 12288, 16384))
    machine.setenv("FAKE_GPU_MIG", "2")
    expected = [GpuShare(mig(index, each), 6144, 8192) for index in (0, 1) for each in (1, 2)]
    assert gpu_shares() == tuple(expected)
    assert [each.mig_instances for each in gpu_driver().gpus] == [2, 2]


def test_a_machine_without_a_driver_has_no_gpus(machine: pytest.MonkeyPatch) -> None:
    """Where NVML is missing or does not start, its error says so, and no GPU is listed."""
    machine.setenv("FAKE_GPU_INIT", "999")
    with pytest.raises(NvmlError, match="nvmlInit_v2: Driver Not Loaded"):
        gpu_driver()
    assert (found_gpu_driver(), gpu_shares()) == (None, ())
    machine.setattr(nvml_library, "LIBRARY", "libnvidia-none.so.1")
    with pytest.raises(NvmlError, match=r"libnvidia-none.so.1 cannot be opened"):
        gpu_driver()
    assert (found_gpu_driver(), gpu_shares()) == (None, ())


def asked(**environment: str) -> tuple[int, list[str]]:
    """The result of cuInit in a new process, and the UUIDs that CUDA shows it."""
    kept = {name: text for name, text in os.environ.items() if name != "CUDA_VISIBLE_DEVICES"}
    done = subprocess.run(
        [sys.executable, "-c", ASK], env={**kept, **environment}, capture_output=True, check=True
    )
    found = json.loads(done.stdout)
    assert bool(found["problem"]) == bool(found["code"])
    return found["code"], found["uuids"]


@pytest.mark.parametrize(
    ("visible", "uuids"),
    [
        (None, UUIDS[:3]),
        ("2,0", (UUIDS[2], UUIDS[0])),
        (" 1 , 2 ", (UUIDS[1], UUIDS[2])),
        (gpu(1), (UUIDS[1],)),
        ("GPU-30,GPU-1", (UUIDS[2], UUIDS[0])),
        ("0,7,1", (UUIDS[0],)),
        ("0,-1,1", (UUIDS[0],)),
        ("0,GPU-f,1", (UUIDS[0],)),
        ("0,0", ()),
        ("1,GPU-20", ()),
        ("-1", ()),
        ("", ()),
        ("7", ()),
    ],
)
def test_every_form_of_visible_devices_gives_unique_ids(
    driver: Path, visible: str | None, uuids: tuple[str, ...]
) -> None:
    """Indices, UUIDs, prefixes, wrong and double entries: CUDA itself says what they select."""
    more = {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
    found = asked(LD_LIBRARY_PATH=str(driver), FAKE_GPUS="3", **more)
    assert found == (0 if uuids else NO_DEVICE, list(uuids))


def test_a_process_sees_one_mig_instance(driver: Path) -> None:
    """Of several instances that are named, CUDA shows the first."""
    facts = {"LD_LIBRARY_PATH": str(driver), "FAKE_GPUS": "2", "FAKE_GPU_MIG": "2"}
    assert asked(**facts) == (0, [mig(0, 1).removeprefix("MIG-")])
    named = f"{mig(1, 2)},{mig(0, 1)}"
    assert asked(**facts, CUDA_VISIBLE_DEVICES=named) == (0, [mig(1, 2).removeprefix("MIG-")])


def test_without_the_library_of_the_driver_there_is_no_answer(tmp_path: Path) -> None:
    """A machine without libcuda.so.1 is told apart from one whose driver fails."""
    (tmp_path / "libcuda.so.1").write_text("no library")
    assert asked(LD_LIBRARY_PATH=str(tmp_path)) == (NOT_FOUND, [])


def test_the_error_of_the_driver_is_kept(driver: Path) -> None:
    """A result of cuInit is reported with its number and its name."""
    assert asked(LD_LIBRARY_PATH=str(driver), FAKE_GPU_INIT="803") == (803, [])
