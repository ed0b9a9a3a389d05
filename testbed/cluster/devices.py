"""Assigns GPUs to the workers of a case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from testbed.cluster.cluster import Cluster
from testbed.cluster.strategies import Deployment
from testbed.errors import TooFewDevicesError

KINDS = ("cpu", "gpu", "split-gpu")

SPLIT_GPU_MIB = 1024
"""The memory of each logical device of a split GPU; scenarios are small, and shares must add up."""

_CONTEXT_MIB = 1024
"""What a process takes of a GPU besides: the context of CUDA, its kernels and libraries."""

_MIG = "MIG-"


@dataclass(frozen=True)
class Devices:
    """The devices of a run: one of KINDS; with `split-gpu` one GPU acts as several.

    Workers on split GPUs share a GPU where there are fewer GPUs than workers.

    `gpus` are the ids that CUDA_VISIBLE_DEVICES takes, of GPUs in TensorFlow's order, or of MIG
    instances.
    """

    kind: str = "cpu"
    gpus: tuple[str, ...] = ()
    others: tuple[tuple[str, ...], ...] = ()
    """The GPUs of each further host; workers are distributed over the hosts in turn."""
    free_mib: tuple[tuple[str, int], ...] = ()
    """The free memory of each GPU for which it is known, by its id."""
    unlisted: int = 0
    """The number of GPUs that the driver offers, and that TensorFlow lists none of."""
    crowded: str = ""
    """Which hosts are one machine with too few GPUs for all of them; empty where none are."""

    @property
    def hosts(self) -> tuple[tuple[str, ...], ...]:
        """The GPUs of every host."""
        return (self.gpus, *self.others)

    def lacking(self, deployment: Deployment) -> str:
        """The reason why a deployment cannot run on these devices; empty where it can."""
        if self.kind == "cpu":
            return ""
        split, each = self.kind == "split-gpu", deployment.cluster.replicas_per_worker
        if not split and each > 1 and any(gpu.startswith(_MIG) for gpu in sum(self.hosts, ())):
            return f"needs {each} GPUs for each worker, and a process can use one MIG instance only"
        for number, gpus in enumerate(self.hosts):
            # Workers are distributed over the hosts in turn; this is the share of this host.
            workers = len(range(number, deployment.cluster.workers, len(self.hosts)))
            needed = min(workers, 1) if split else workers * each
            if len(gpus) < needed:
                where = f" on the host of worker {number}" if self.others else ""
                found = f"found {len(gpus)}"
                if self.unlisted:
                    found += f" of {self.unlisted} (testbed doctor says why TensorFlow lists none)"
                elif self.crowded and not gpus:
                    found += f" ({self.crowded}; split-gpu lets them share)"
                return f"needs {needed} GPU{'s' * (needed > 1)}{where}, {found}"
        return self._lacking_memory(deployment.cluster) if split else ""

    def _lacking_memory(self, cluster: Cluster) -> str:
        """The reason why workers cannot share GPUs; empty where their memory suffices.

        Workers of several hosts may share one, too: ranks of one machine.
        """
        known, replicas = dict(self.free_mib), cluster.replicas_per_worker
        for gpu, sharing in Counter(map(self._shared_gpu, range(cluster.workers))).items():
            needed = sharing * (replicas * SPLIT_GPU_MIB + _CONTEXT_MIB)
            if known.get(gpu, needed) < needed:
                return (
                    f"needs {needed} MiB of one GPU ({sharing} worker{'s' * (sharing > 1)} of"
                    f" {replicas} x {SPLIT_GPU_MIB} MiB, and {_CONTEXT_MIB} MiB for each process),"
                    f" and {known[gpu]} MiB of {gpu} are free"
                )
        return ""

    def _shared_gpu(self, worker: int) -> str:
        """The GPU of a worker that may share it."""
        turn, host = divmod(worker, len(self.hosts))
        return self.hosts[host][turn % len(self.hosts[host])]

    def require(self, deployment: Deployment) -> None:
        """Reject a deployment that cannot run on these devices.

        Raises:
            TooFewDevicesError: there are too few GPUs.
        """
        if lacking := self.lacking(deployment):
            raise too_few_devices(lacking, deployment.cluster)

    def environment(self, deployment: Deployment, worker: int) -> dict[str, str | None]:
        """The part of a worker's environment that makes only its devices visible."""
        if self.kind == "cpu":
            return {"CUDA_VISIBLE_DEVICES": "-1"}
        if self.kind == "split-gpu":
            return {"CUDA_VISIBLE_DEVICES": self._shared_gpu(worker)}
        turn, host = divmod(worker, len(self.hosts))
        gpus, each = self.hosts[host], deployment.cluster.replicas_per_worker
        return {"CUDA_VISIBLE_DEVICES": ",".join(gpus[turn * each : (turn + 1) * each])}


def too_few_devices(lacking: str, cluster: Cluster) -> TooFewDevicesError:
    """The error for a cluster that needs more GPUs than were found.

    Args:
        lacking: what is needed, and what was found.
        cluster: the cluster that other hosts should have room for.
    """
    message = f"{lacking}; use the device cpu, or fewer workers and replicas"
    return TooFewDevicesError(message, cluster.workers, cluster.replicas_per_worker)


def shared_out(
    seen: Sequence[tuple[str, tuple[str, ...]]], *, split: bool = False
) -> list[tuple[str, ...]]:
    """The GPUs of each worker's host, where several hosts may be one machine.

    Args:
        seen: for each host, its machine and the GPU ids that it sees. Hosts that see the same GPUs
            of one machine, like the ranks of mpirun, get equal shares of them, in their order.
        split: whether hosts can share a GPU; then each gets one where there are too few.
    """
    shares: list[tuple[str, ...]] = []
    for number, mine in enumerate(seen):
        alike = [each for each in range(len(seen)) if seen[each] == mine]
        gpus, turn = mine[1], alike.index(number)
        share = len(gpus) // len(alike)
        if split and gpus and not share:
            shares.append((gpus[turn % len(gpus)],))
        else:
            shares.append(gpus[turn * share : (turn + 1) * share])
    return shares


def crowded(seen: Sequence[tuple[str, tuple[str, ...]]]) -> str:
    """Which hosts are one machine with fewer GPUs than hosts; empty where none are.

    Args:
        seen: for each host, its machine and the GPU ids that it sees.
    """
    for (_, gpus), ranks in Counter(seen).items():
        if 0 < len(gpus) < ranks:
            return f"{ranks} ranks on one machine see the same {len(gpus)}"
    return ""
