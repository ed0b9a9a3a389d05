"""GPUs as TensorFlow sees them, on a fake driver: lists, ids, and what is missing."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from testbed.cluster.cuda_libraries import NCCL
from testbed.cluster.devices import Devices
from testbed.decoding import decoded
from testbed.launcher.cluster.cluster_run import ClusterOptions, WorkerOrders, run_cluster
from testbed.launcher.machine.cuda_driver import NO_DEVICE
from testbed.launcher.run_folder import RunFolder, new_run_folder
from testbed.launcher.server.source import WorkerServer
from testbed.orders.devices import LIST_DEVICES, DeviceOrders, DeviceReport
from testbed.run.servers import open_server
from tests.chosen_ports import chosen_ports
from tests.distributed.conftest import ROOT, Done
from tests.fake_gpus import CUDA_12, NVML, UUIDS, built_driver, gpu, mig
from tests.unit.builders import MIRRORED_2, WORKERS_2X1, WORKERS_2X2

LISTING = """\
import os
import tensorflow as tf

(gpu,) = tf.config.list_physical_devices("GPU")
logical = tf.config.get_logical_device_configuration(gpu)
print(os.environ["CUDA_VISIBLE_DEVICES"], [each.memory_limit for each in logical])
print(os.path.basename(os.environ["NCCL_DEBUG_FILE"]))
"""


@dataclass
class GpuMachine:
    """A machine with a fake driver, whose workers TensorFlow starts on."""

    loop: asyncio.AbstractEventLoop
    server: WorkerServer
    runs: RunFolder
    driver: Path
    asked: int = 0

    def report(self, **facts: str | None) -> DeviceReport:
        """What a worker reports with these facts of the driver in its environment."""
        self.asked += 1
        case = self.runs.case(f"devices {self.asked}")
        orders = LIST_DEVICES.assignment(DeviceOrders(str(case.report(0))))
        worker = WorkerOrders(orders, {"CUDA_VISIBLE_DEVICES": None, **facts})
        end = self.loop.run_until_complete(
            run_cluster(self.server, [worker], case, ClusterOptions())
        )
        assert not end.cause
        return decoded(DeviceReport, json.loads(case.report(0).read_text()))

    def ids(self, **facts: str | None) -> list[str]:
        """The ids of the GPUs that workers can use."""
        return [each.id for each in self.report(**facts).gpus]


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GpuMachine]:
    """A machine with GPUs; TensorFlow is imported once for all tests."""
    folder = tmp_path_factory.mktemp("gpus")
    driver = built_driver(folder / "driver")
    loop = asyncio.new_event_loop()
    with pytest.MonkeyPatch.context() as patch, new_run_folder(folder / "runs") as runs:
        patch.setenv("LD_LIBRARY_PATH", str(driver))
        opened = open_server(runs, fresh=False)
        server = loop.run_until_complete(opened.__aenter__())
        try:
            yield GpuMachine(loop, server, runs, driver)
        finally:
            loop.run_until_complete(opened.__aexit__(None, None, None))
            loop.close()


@contextlib.contextmanager
def without(file: Path) -> Iterator[None]:
    """Take a file away for a block."""
    away = file.rename(file.with_name("away"))
    try:
        yield
    finally:
        away.rename(file)


# The first of them is libcudart, which the server has opened when it imported TensorFlow.
@pytest.mark.parametrize("file", CUDA_12[1:])
def test_tensorflow_needs_the_libraries_of_the_table(machine: GpuMachine, file: str) -> None:
    """With all of them it lists the GPUs; without one of them it lists none, and that is named."""
    assert machine.ids(FAKE_GPUS="2") == [gpu(0), gpu(1)]
    with without(machine.driver / file):
        found = machine.report(FAKE_GPUS="2")
    assert found.gpus == ()
    assert [each.file for each in found.cuda.missing] == [file]
    assert file in found.cuda.missing[0].why


def test_several_gpus_need_nccl(machine: GpuMachine) -> None:
    """TensorFlow lists GPUs without it, and fails later; one GPU does not need it."""
    with without(machine.driver / NCCL.file):
        one, two = (machine.report(FAKE_GPUS=str(count)) for count in (1, 2))
    assert (len(one.gpus), len(two.gpus)) == (1, 2)
    assert one.cuda.missing == ()
    assert [each.file for each in two.cuda.missing] == [NCCL.file]


@pytest.mark.parametrize(
    ("visible", "ids"),
    [
        ("2,0", [gpu(2), gpu(0)]),
        (gpu(1), [gpu(1)]),
        ("GPU-30,GPU-1", [gpu(2), gpu(0)]),
        ("0,-1,1", [gpu(0)]),
        ("0,9", [gpu(0)]),
        ("1,1", []),
        ("-1", []),
        ("", []),
    ],
)
def test_workers_get_unique_ids_under_any_outer_list(
    machine: GpuMachine, visible: str, ids: list[str]
) -> None:
    """What CUDA_VISIBLE_DEVICES leaves is shared out by UUIDs, in the order of the list."""
    found = machine.report(FAKE_GPUS="3", CUDA_VISIBLE_DEVICES=visible)
    assert [each.id for each in found.gpus] == ids
    assert found.cuda.driver.code == (0 if ids else NO_DEVICE)
    assert found.cuda.missing == ()


def test_workers_that_share_gpus_out_see_their_own(machine: GpuMachine) -> None:
    """A worker's TensorFlow lists exactly the GPUs that it was given, of those left by a list."""
    outer = {"FAKE_GPUS": "5", "CUDA_VISIBLE_DEVICES": "4,GPU-20,0,3"}
    devices = Devices("gpu", tuple(machine.ids(**outer)))
    assert devices.gpus == (gpu(4), gpu(1), gpu(0), gpu(3))
    for deployment, shares in (
        (MIRRORED_2, [[gpu(4), gpu(1)]]),
        (WORKERS_2X1, [[gpu(4)], [gpu(1)]]),
        (WORKERS_2X2, [[gpu(4), gpu(1)], [gpu(0), gpu(3)]]),
    ):
        for worker, share in enumerate(shares):
            environment = {**outer, **devices.environment(deployment, worker)}
            assert machine.ids(**environment) == share


def test_every_mig_instance_can_have_a_worker(machine: GpuMachine) -> None:
    """TensorFlow sees one instance; the others are found, and a worker can be given each."""
    facts = {"FAKE_GPUS": "2", "FAKE_GPU_MIG": "2"}
    instances = [mig(index, each) for index in (0, 1) for each in (1, 2)]
    assert machine.ids(**facts) == instances
    assert machine.ids(**facts, CUDA_VISIBLE_DEVICES=instances[3]) == [instances[3]]
    both = f"{instances[2]},{instances[0]}"
    assert machine.ids(**facts, CUDA_VISIBLE_DEVICES=both) == [instances[2], instances[0]]
    assert machine.ids(**facts, CUDA_VISIBLE_DEVICES="1") == [instances[2]]


def test_facts_of_the_driver_are_reported(machine: GpuMachine) -> None:
    """Free memory comes with each GPU, and the report says for which CUDA TensorFlow was built."""
    found = machine.report(FAKE_GPUS="1", FAKE_GPU_MIB="81920", FAKE_GPU_NAME="NVIDIA H100")
    assert [(each.name, each.free_mib) for each in found.gpus] == [("NVIDIA H100", 61440)]
    assert found.cuda.build.startswith("12.")
    assert found.cuda.cudnn
    assert list(found.cuda.driver.uuids) == [UUIDS[0]]


def test_without_nvml_tensorflow_lists_no_gpu(
    machine: GpuMachine, testbed: Callable[..., Done], tmp_path: Path
) -> None:
    """TensorFlow says nothing then; the doctor names the library and the cure.

    A launch on GPUs refers to the doctor.
    """
    driver = tmp_path / "without NVML"
    shutil.copytree(machine.driver, driver)
    (driver / NVML).unlink()
    done = testbed("doctor", LD_LIBRARY_PATH=str(driver), FAKE_GPUS="1")
    assert "look  TensorFlow lists no GPU: it asks libnvidia-ml.so.1" in done.output
    assert "NVIDIA_DRIVER_CAPABILITIES=compute,utility" in done.output
    assert done.status == 1
    (tmp_path / "train.py").write_text("")
    words = ("launch", "--device", "gpu", "--workers", "1", "train.py")
    refused = testbed(*words, LD_LIBRARY_PATH=str(driver), FAKE_GPUS="1")
    assert "needs 1 GPU, found 0 of 1 (testbed doctor says why" in refused.errors


def test_a_launch_refuses_what_the_gpus_do_not_suffice_for(
    machine: GpuMachine, testbed: Callable[..., Done], tmp_path: Path
) -> None:
    """The refusal counts the GPUs that an outer list leaves."""
    (tmp_path / "train.py").write_text("")
    done = testbed(
        *("launch", "--device", "gpu", "--workers", "2", "--replicas", "2", "train.py"),
        LD_LIBRARY_PATH=str(machine.driver),
        FAKE_GPUS="8",
        CUDA_VISIBLE_DEVICES="1,2,3",
    )
    assert "needs 4 GPUs, found 3" in done.errors
    assert done.status == 2


def test_workers_share_a_split_gpu_if_it_has_room(
    machine: GpuMachine, testbed: Callable[..., Done], tmp_path: Path
) -> None:
    """One GPU serves two workers of two logical ones each; what NCCL logs has a file for each."""
    (tmp_path / "train.py").write_text(LISTING)
    words = ("launch", "--device", "split-gpu", "--workers", "2", "--replicas", "2", "train.py")
    facts = {"LD_LIBRARY_PATH": str(machine.driver), "FAKE_GPUS": "1"}
    done = testbed(*words, **facts, NCCL_DEBUG="INFO")
    assert all(f"worker-{worker}.nccl.log" in done.output for worker in (0, 1))
    listed = f"{gpu(0)} [1024, 1024]"
    assert done.output.count(listed) == 2, done.errors
    refused = testbed(*words, **facts, FAKE_GPU_MIB="6000")
    assert "needs 6144 MiB of one GPU" in refused.errors
    assert refused.status == 2


def ranks(machine: GpuMachine, folder: Path, device: str) -> list[Done]:
    """Two ranks of one machine with one GPU launch the listing, as an engine would start them."""
    words = ("launch", "--engine", "environment", "--device", device, "--folder", "run", "train.py")
    facts = {"LD_LIBRARY_PATH": str(machine.driver), "FAKE_GPUS": "1", "NCCL_DEBUG": "INFO"}

    def rank(number: int, ports: list[int]) -> subprocess.Popen[str]:
        cluster = {"worker": [f"127.0.0.1:{port}" for port in ports]}
        config = {"cluster": cluster, "task": {"type": "worker", "index": number}}
        more = {"PYTHONPATH": str(ROOT), "TF_CONFIG": json.dumps(config)}
        return subprocess.Popen(
            [sys.executable, "-m", "testbed", *words],
            cwd=folder,
            env={**os.environ, **facts, **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    with chosen_ports(2) as ports:
        started = [rank(number, ports) for number in range(2)]
        said = [each.communicate(timeout=120) for each in started]
    return [
        Done(each.returncode, *texts, folder) for each, texts in zip(started, said, strict=True)
    ]


def test_ranks_of_one_machine_share_a_split_gpu(machine: GpuMachine, tmp_path: Path) -> None:
    """Each rank's worker has its part of the only GPU; with whole GPUs the refusal says why not."""
    (tmp_path / "train.py").write_text(LISTING)
    first, other = ranks(machine, tmp_path, "split-gpu")
    assert (first.status, other.status) == (0, 0), first.errors + other.errors
    for worker in range(2):
        assert f"worker {worker} | {gpu(0)} [1024]" in first.output
    shutil.rmtree(tmp_path / "run")
    refused, _ = ranks(machine, tmp_path, "gpu")
    assert "needs 1 GPU on the host of worker 0, found 0 (2 ranks on one machine see the" in (
        refused.errors
    )
    assert refused.status == 2


def test_workers_on_gpus_get_one_address_for_ras(
    machine: GpuMachine, testbed: Callable[..., Done], tmp_path: Path
) -> None:
    """NCCL in all workers of a run answers at a port of the run."""
    (tmp_path / "train.py").write_text('import os; print("RAS", os.environ["NCCL_RAS_ADDR"])')
    facts = {"LD_LIBRARY_PATH": str(machine.driver), "FAKE_GPUS": "2"}
    done = testbed("launch", "--device", "gpu", "--workers", "2", "train.py", **facts)
    assert done.status == 0, done.errors
    addresses = [line.split()[-1] for line in done.output.splitlines() if " | RAS " in line]
    assert len(addresses) == 2
    assert len(set(addresses)) == 1
    assert addresses[0].startswith("127.0.0.1:")
    assert not addresses[0].endswith(":28028"), "the default of NCCL, which other jobs use"
