"""The bandwidth of a collective, as nccl-tests defines it.

Source: PERFORMANCE.md of nccl-tests. `algbw` is the size of the message divided by
the time. `busbw` corrects it for the bytes that each collective must move between n ranks, so that
it can be compared with the bandwidth of the hardware for any n.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from testbed.launcher.machine.gpus import Gpu

# The least that one rank must send or receive, as a share of the message, for n ranks.
BUS_FACTORS: dict[str, Callable[[int], float]] = {
    "all_reduce": lambda n: 2 * (n - 1) / n,
    "all_gather": lambda n: (n - 1) / n,
    "broadcast": lambda _: 1.0,
}


def message_bytes(collective: str, size: int, ranks: int) -> int:
    """The size of a message; for all_gather it is the result on one rank.

    Args:
        collective: one of `BUS_FACTORS`.
        size: bytes that one rank contributes.
        ranks: the number of ranks.
    """
    return size * ranks if collective == "all_gather" else size


def algbw(message: int, seconds: float) -> float:
    """Algorithm bandwidth in bytes per second."""
    return message / seconds


def busbw(collective: str, message: int, ranks: int, seconds: float) -> float:
    """Bus bandwidth in bytes per second; 0 for one rank of all_reduce or all_gather."""
    return algbw(message, seconds) * BUS_FACTORS[collective](ranks)


# GB/s of one PCIe lane in one direction, after its encoding, by generation.
_PCIE_LANE = {1: 0.25, 2: 0.5, 3: 0.985, 4: 1.969, 5: 3.938, 6: 7.563}


def link_of(gpus: Sequence[Gpu]) -> tuple[float, str] | None:
    """The slowest link among GPUs, in bytes per second, and its name; None if unknown.

    GPUs with NVLinks use them, others use PCIe.
    """
    links = []
    for gpu in gpus:
        lanes = _PCIE_LANE.get(gpu.pcie_generation or 0, 0.0) * (gpu.pcie_width or 0)
        links.append((gpu.nvlink_gb_s or lanes, "NVLink" if gpu.nvlink_gb_s else "PCIe"))
    if not links or not all(speed for speed, _ in links):
        return None
    speed, name = min(links)
    return speed * 1e9, name
