"""Which GPUs each worker gets."""

from __future__ import annotations

import pytest

from testbed.cluster.cluster import Cluster
from testbed.cluster.devices import Devices, crowded, shared_out
from testbed.cluster.strategies import Deployment
from tests.unit.builders import DEFAULT, MIRRORED_2, WORKERS_2X1, WORKERS_2X2

FOUR = ("4", "5", "6", "7")


def visible(devices: Devices, deployment: Deployment) -> list[str | None]:
    workers = range(deployment.cluster.workers)
    return [devices.environment(deployment, w)["CUDA_VISIBLE_DEVICES"] for w in workers]


@pytest.mark.parametrize(
    ("kind", "gpus", "deployment", "expected"),
    [
        ("cpu", (), WORKERS_2X2, ["-1", "-1"]),
        ("cpu", FOUR, MIRRORED_2, ["-1"]),
        ("gpu", FOUR, DEFAULT, ["4"]),
        ("gpu", FOUR, MIRRORED_2, ["4,5"]),
        ("gpu", FOUR, WORKERS_2X1, ["4", "5"]),
        ("gpu", FOUR, WORKERS_2X2, ["4,5", "6,7"]),
        ("split-gpu", FOUR, MIRRORED_2, ["4"]),
        ("split-gpu", FOUR, WORKERS_2X2, ["4", "5"]),
        ("split-gpu", FOUR[:1], WORKERS_2X2, ["4", "4"]),
        ("split-gpu", FOUR[:2], Deployment("x", Cluster(5, 1)), ["4", "5", "4", "5", "4"]),
    ],
)
def test_every_worker_sees_its_own_gpus_and_no_others(
    kind: str, gpus: tuple[str, ...], deployment: Deployment, expected: list[str]
) -> None:
    """GPUs are dealt out worker by worker; workers share split GPUs, and a CPU run sees none."""
    assert visible(Devices(kind, gpus), deployment) == expected


@pytest.mark.parametrize(
    ("kind", "count", "deployment", "lacking"),
    [
        ("cpu", 0, WORKERS_2X2, ""),
        ("gpu", 1, DEFAULT, ""),
        ("gpu", 0, DEFAULT, "needs 1 GPU, found 0"),
        ("gpu", 1, MIRRORED_2, "needs 2 GPUs, found 1"),
        ("gpu", 2, MIRRORED_2, ""),
        ("gpu", 3, WORKERS_2X2, "needs 4 GPUs, found 3"),
        ("split-gpu", 1, Deployment("mirrored", Cluster(1, 8)), ""),
        ("split-gpu", 0, MIRRORED_2, "needs 1 GPU, found 0"),
        ("split-gpu", 1, WORKERS_2X2, ""),
    ],
)
def test_what_is_lacking_is_told_in_numbers(
    kind: str, count: int, deployment: Deployment, lacking: str
) -> None:
    """A deployment that the GPUs do not suffice for says how many it needs and how many are."""
    assert Devices(kind, FOUR[:count]).lacking(deployment) == lacking


@pytest.mark.parametrize(
    ("free", "deployment", "lacking"),
    [
        (6144, WORKERS_2X2, ""),
        (
            6143,
            WORKERS_2X2,
            "needs 6144 MiB of one GPU (2 workers of 2 x 1024 MiB, and 1024 MiB for each process),"
            " and 6143 MiB of GPU-1 are free",
        ),
        (2048, DEFAULT, ""),
        (
            2047,
            DEFAULT,
            "needs 2048 MiB of one GPU (1 worker of 1 x 1024 MiB, and 1024 MiB for each process),"
            " and 2047 MiB of GPU-1 are free",
        ),
    ],
)
def test_workers_that_share_a_gpu_need_its_memory(
    free: int, deployment: Deployment, lacking: str
) -> None:
    """All processes on a GPU must fit; the refusal shows the sum."""
    devices = Devices("split-gpu", ("GPU-1",), free_mib=(("GPU-1", free),))
    assert devices.lacking(deployment) == lacking


def test_gpus_that_tensorflow_does_not_list_lead_to_the_doctor() -> None:
    """The refusal says that there are GPUs, and which command explains why they do not count."""
    assert Devices("gpu", (), unlisted=4).lacking(MIRRORED_2) == (
        "needs 2 GPUs, found 0 of 4 (testbed doctor says why TensorFlow lists none)"
    )


def test_only_gpus_that_are_used_need_memory() -> None:
    """A full GPU beside a free one does not matter to one worker."""
    free = (("GPU-1", 8000), ("GPU-2", 10))
    devices = Devices("split-gpu", ("GPU-1", "GPU-2"), free_mib=free)
    assert devices.lacking(MIRRORED_2) == ""
    assert "10 MiB of GPU-2 are free" in devices.lacking(WORKERS_2X1)


def test_a_worker_gets_one_mig_instance() -> None:
    """Workers share the instances out, and none can have two replicas on GPUs."""
    devices = Devices("gpu", ("MIG-1", "MIG-2"))
    assert visible(devices, WORKERS_2X1) == ["MIG-1", "MIG-2"]
    assert devices.lacking(WORKERS_2X1) == ""
    assert "a process can use one MIG instance only" in devices.lacking(MIRRORED_2)


@pytest.mark.parametrize(
    ("kind", "hosts", "deployment", "expected"),
    [
        ("gpu", (("0", "1"), ("0", "1")), WORKERS_2X2, ["0,1", "0,1"]),
        ("gpu", (("0",), ("3",)), WORKERS_2X1, ["0", "3"]),
        ("gpu", (("0", "1"), ("4", "5")), Deployment("x", Cluster(4, 1)), ["0", "4", "1", "5"]),
        ("split-gpu", (("0",), ("1",)), WORKERS_2X2, ["0", "1"]),
        ("cpu", ((), ()), WORKERS_2X2, ["-1", "-1"]),
    ],
)
def test_workers_are_dealt_out_over_hosts_in_turn(
    kind: str, hosts: tuple[tuple[str, ...], ...], deployment: Deployment, expected: list[str]
) -> None:
    """Each worker gets GPUs of its own host, and those that nobody else on it has."""
    assert visible(Devices(kind, hosts[0], hosts[1:]), deployment) == expected


def test_a_host_that_lacks_gpus_is_named() -> None:
    """Of several hosts, the one that has too few GPUs is named by its worker."""
    devices = Devices("gpu", ("0", "1"), (("0",),))
    assert devices.lacking(WORKERS_2X2) == "needs 2 GPUs on the host of worker 1, found 1"
    assert devices.lacking(WORKERS_2X1) == ""


ONE_GPU = (("n1", ("GPU-1",)), ("n1", ("GPU-1",)), ("n2", ("GPU-7",)))


def test_ranks_can_share_a_split_gpu() -> None:
    """Ranks of one machine that see one GPU get it, and its memory must suffice for all of them."""
    assert shared_out(ONE_GPU, split=True) == [("GPU-1",), ("GPU-1",), ("GPU-7",)]
    two = (("n1", ("0", "1")),) * 3
    assert shared_out(two, split=True) == [("0",), ("1",), ("0",)]
    assert shared_out((("n1", ()),), split=True) == [()]
    first, *others = shared_out(ONE_GPU, split=True)
    three = Deployment("multi_worker_mirrored", Cluster(3, 1))

    def sharing(free: int) -> Devices:
        known = (("GPU-1", free), ("GPU-7", 2048))
        return Devices("split-gpu", first, tuple(others), free_mib=known)

    assert visible(sharing(4096), three) == ["GPU-1", "GPU-1", "GPU-7"]
    assert sharing(4096).lacking(three) == ""
    assert sharing(4095).lacking(three).startswith("needs 4096 MiB of one GPU (2 workers of 1 x")


def test_ranks_that_cannot_share_a_gpu_are_refused() -> None:
    """With whole GPUs the refusal says why none is left, and what would do."""
    first, *others = shared_out(ONE_GPU)
    devices = Devices("gpu", first, tuple(others), crowded=crowded(ONE_GPU))
    assert devices.lacking(WORKERS_2X1) == (
        "needs 1 GPU on the host of worker 0, found 0 (2 ranks on one machine see the same 1;"
        " split-gpu lets them share)"
    )
    assert crowded(ONE_GPU[1:]) == ""
    assert crowded((("n1", ()), ("n1", ()))) == ""


@pytest.mark.parametrize(
    ("seen", "shares"),
    [
        ([("n1", ("0", "1")), ("n2", ("0", "1"))], [("0", "1"), ("0", "1")]),
        ([("n1", ("0", "1")), ("n1", ("0", "1"))], [("0",), ("1",)]),
        ([("n1", ("0",)), ("n1", ("1",))], [("0",), ("1",)]),
        ([("n1", ("0", "1", "2")), ("n1", ("0", "1", "2"))], [("0",), ("1",)]),
        ([("n1", ("0",)), ("n1", ("0",))], [(), ()]),
        ([("n1", ())], [()]),
    ],
)
def test_who_sees_the_same_gpus_shares_them(
    seen: list[tuple[str, tuple[str, ...]]], shares: list[tuple[str, ...]]
) -> None:
    """Ranks on one machine that all see its GPUs get shares that do not overlap."""
    assert shared_out(seen) == shares
