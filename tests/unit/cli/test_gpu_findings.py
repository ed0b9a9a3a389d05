"""What the doctor says of GPUs, and why TensorFlow lists none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from testbed.cli.gpu_findings import DoctorFinding, GpuHost, gpu_findings
from testbed.launcher.machine.cuda_driver import NO_DEVICE, NOT_FOUND, CudaDriver
from testbed.launcher.machine.gpus import Gpu, GpuDriver
from testbed.orders.devices import CudaSupport, DeviceReport, MissingLibrary, VisibleGpu

H200 = Gpu("NVIDIA H200", "580.65.06", 143771, 5, 16, 450.0)
TWO = GpuDriver("580.65.06", "13.0", (H200, H200))
HOST = GpuHost(TWO, "", 2, None)
NOTHING = GpuHost(None, "libnvidia-ml.so.1 cannot be opened", 0, None)

STARTED = CudaDriver("", 0, ("1", "2"))
MISSING = CudaDriver("libcuda.so.1: cannot open", NOT_FOUND, ())
CUDA = CudaSupport("12.5.1", "9", STARTED, ())
SEEN = tuple(VisibleGpu("NVIDIA H200", f"GPU-{each}", 143000) for each in (1, 2))


def report(cuda: CudaSupport = CUDA, gpus: tuple[VisibleGpu, ...] = ()) -> DeviceReport:
    return DeviceReport("2.21.0", "2", "3", "machine", 1, gpus, cuda)


def findings(found: DeviceReport, host: GpuHost = HOST) -> list[DoctorFinding]:
    return list(gpu_findings(found, host))


def with_driver(code: int, problem: str = "CUDA_ERROR") -> DeviceReport:
    return report(replace(CUDA, driver=CudaDriver(problem, code, ())))


def test_a_machine_without_gpus_needs_nothing() -> None:
    """No card, no driver: one line, and no cure."""
    found = findings(report(replace(CUDA, driver=MISSING)), NOTHING)
    assert found == [DoctorFinding("GPUs: none; runs use logical CPU devices")]


def test_gpus_that_tensorflow_lists_are_described() -> None:
    """Kind, memory, links, driver and CUDA, and where the facts are from."""
    described, listed = findings(report(gpus=SEEN))
    assert described == DoctorFinding(
        "GPUs: 2 x NVIDIA H200 (140 GiB, NVLink 450 GB/s); driver 580.65.06 for CUDA 13.0"
        " (read from NVML)"
    )
    assert listed == DoctorFinding(
        "TensorFlow (built for CUDA 12.5.1 and cuDNN 9) lists NVIDIA H200, NVIDIA H200"
    )


def test_gpus_that_an_outer_list_leaves_are_counted() -> None:
    """CUDA_VISIBLE_DEVICES may be intended, so it needs no cure."""
    found = findings(report(gpus=SEEN[:1]), replace(HOST, visible="1"))[-1]
    assert found.what.endswith("CUDA_VISIBLE_DEVICES=1 leaves 1 of 2 GPUs")
    assert not found.cure


def test_mig_instances_are_named_as_such() -> None:
    """Each process can use one instance."""
    instance = VisibleGpu("NVIDIA H200 MIG 1g.18gb", "MIG-1", 18000)
    assert (
        "can use 1 MIG instances, each process one" in findings(report(gpus=(instance,)))[-1].what
    )


@pytest.mark.parametrize(
    ("found", "host", "what", "cure"),
    [
        (report(replace(CUDA, build="")), HOST, "a build for CPUs only", "tensorflow[and-cuda]"),
        (
            report(replace(CUDA, driver=MISSING)),
            replace(NOTHING, cards=1),
            "a card is on the PCI bus, and no driver is found (libcuda.so.1: cannot open)",
            "install NVIDIA's driver; in a container, start it with --gpus all",
        ),
        (
            report(replace(CUDA, driver=MISSING)),
            HOST,
            "libcuda.so.1 is missing",
            "NVIDIA_DRIVER_CAPABILITIES=compute,utility",
        ),
        (
            with_driver(NO_DEVICE),
            replace(HOST, visible="-1"),
            "CUDA_VISIBLE_DEVICES='-1' hides all 2 GPUs",
            "unset CUDA_VISIBLE_DEVICES",
        ),
        (
            with_driver(NO_DEVICE),
            replace(HOST, visible=""),
            "CUDA_VISIBLE_DEVICES='' hides all 2 GPUs",
            "unset CUDA_VISIBLE_DEVICES",
        ),
        (with_driver(803, "MISMATCH"), HOST, "cuInit fails with MISMATCH (803)", "restart"),
        (with_driver(34), HOST, "cuInit fails with CUDA_ERROR (34)", "stubs"),
        (with_driver(777), HOST, "cuInit fails with CUDA_ERROR (777)", "dmesg"),
        (
            report(),
            NOTHING,
            "it asks libnvidia-ml.so.1, and without an answer it says nothing",
            "NVIDIA_DRIVER_CAPABILITIES=compute,utility",
        ),
        (report(), HOST, "the reason is not known", "TF_CPP_MAX_VLOG_LEVEL=1"),
    ],
)
def test_gpus_that_tensorflow_does_not_list_have_a_cause(
    found: DeviceReport, host: GpuHost, what: str, cure: str
) -> None:
    """The first cause that stops TensorFlow is named, with its cure."""
    last = findings(found, host)[-1]
    assert last.what.startswith("TensorFlow lists no GPU: ")
    assert what in last.what
    assert cure in last.cure


def test_missing_libraries_are_named_with_their_packages() -> None:
    """Each library has the package that brings it, and one command brings all."""
    cudnn = MissingLibrary("libcudnn.so.9", "cannot open shared object file")
    fft = MissingLibrary("libcufft.so.11", "cannot open shared object file")
    _, summary, *each = findings(report(replace(CUDA, missing=(fft, cudnn))))
    assert summary.what.endswith("it cannot open libcufft.so.11, libcudnn.so.9")
    assert summary.cure == "pip install 'tensorflow[and-cuda]'"
    assert [finding.cure.split(";")[0] for finding in each] == [
        "pip install nvidia-cufft-cu12",
        "pip install nvidia-cudnn-cu12",
    ]


def test_nccl_is_missed_where_several_gpus_are_listed() -> None:
    """TensorFlow lists the GPUs, and would fail when replicas first reduce."""
    nccl = MissingLibrary("libnccl.so.2", "cannot open shared object file")
    last = findings(report(replace(CUDA, missing=(nccl,)), gpus=SEEN))[-1]
    assert last.what.startswith("libnccl.so.2 is missing")
    assert last.cure.startswith("pip install nvidia-nccl-cu12")


@pytest.mark.parametrize("gpus", [SEEN, ()])
def test_a_driver_too_old_for_this_cuda(gpus: tuple[VisibleGpu, ...]) -> None:
    """TensorFlow may list its GPUs, and fails when it uses one."""
    old = replace(HOST, driver=GpuDriver("470.82", "11.4", (H200, H200)))
    last = findings(report(gpus=gpus), old)[-1]
    assert last.what == (
        "driver 470.82 supports CUDA 11.4, and TensorFlow 2.21.0 is built for CUDA 12.5.1"
    )
    assert last.cure == "update the driver: CUDA 12 needs 525.60.13 or newer"
