"""Reads this process's rank (worker number and count) from its environment only."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from testbed.cluster.cluster import MEETING_S, Task
from testbed.errors import UsageError

TYPES = ("chief", "master", "worker")
"""The task types that run a step together, in the order in which TensorFlow counts them."""


@dataclass(frozen=True)
class Rank:
    """The rank of this process in a cluster that an engine or a user has started."""

    number: int
    """Counted from 0 over all tasks, the chief first; process 0 is the launching process."""
    size: int
    taken_from: str
    """The variable that gives the rank."""
    host: str = ""
    """This process's host name for its peers; empty where only the rendezvous shows it."""
    addresses: tuple[str, ...] = ()
    """`host:port` of all processes, where the environment gives ports."""
    nodes: tuple[str, ...] = ()
    """The hosts of the cluster, where the environment names them and gives no ports."""
    tasks: tuple[Task, ...] = ()
    """The task of each process, where the environment names it."""
    meets_within: float = MEETING_S
    """Seconds within which all processes must join."""
    not_asked: tuple[str, ...] = ()
    """The other variables that give a rank; they have lower priority."""

    def __str__(self) -> str:
        at = f" at {self.host}" if self.host else ""
        others = f" ({' and '.join(self.not_asked)} not asked)" if self.not_asked else ""
        return f"worker {self.number} of {self.size}{at}, says {self.taken_from}{others}"

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that the environment names."""
        return tuple(split_address(address)[0] for address in self.addresses) or self.nodes

    @property
    def cluster(self) -> list[str]:
        """A description of the cluster that all its processes must agree on."""
        return [f"{self.size} workers", *(self.addresses or self.nodes)]


@dataclass(frozen=True)
class RankInputs:
    """Further inputs for a rank, besides the environment."""

    workers: int | None = None
    """The number of workers in the command."""
    fqdn: Callable[[], str] = str
    """Returns the full name of this host."""
    slurm_nodes: Callable[[str], Mapping[str, str]] = lambda listed: {listed: listed}
    """Returns the nodes of a Slurm host list, in its order, with Slurm's address for each."""


def rank_of(environment: Mapping[str, str], around: RankInputs) -> Rank:
    """Read the rank from the first that is set: TF_CONFIG, Slurm, Open MPI, Kubernetes.

    Raises:
        UsageError: none is set, or the first one is incomplete.
    """
    present = [name for name in _READERS if name in environment]
    if "SLURM_PROCID" in present and "SLURM_STEP_NODELIST" not in environment:
        # A job's batch script looks like its first task, except for this variable, but is none.
        present.remove("SLURM_PROCID")
    if present:
        return replace(_READERS[present[0]](environment, around), not_asked=tuple(present[1:]))
    raise UsageError(
        "nothing in the environment says which worker this is: none of"
        f" {', '.join(_READERS)} is set; start it by an engine that sets one (srun, mpirun, an"
        " Indexed Job), or write TF_CONFIG"
    )


def _of_tf_config(environment: Mapping[str, str], _around: RankInputs) -> Rank:
    cluster, task = _parts_of(environment["TF_CONFIG"])
    unknown = sorted(cluster.keys() - set(TYPES))
    if unknown:
        raise _wrong_config(f"has tasks of the type '{unknown[0]}'; here are {', '.join(TYPES)}")
    tasks = [Task(kind, i) for kind in TYPES for i in range(len(cluster.get(kind, ())))]
    addresses = [address for kind in TYPES for address in cluster.get(kind, ())]
    for address in addresses:
        if not _is_address(str(address)):
            raise _wrong_config(f"has the address '{address}': host:port is what stands there")
    try:
        mine = Task(str(task["type"]), int(str(task["index"])))
    except (KeyError, TypeError, ValueError):
        raise _wrong_config('lacks "task": {"type": "worker", "index": 0}') from None
    if mine not in tasks:
        named = ", ".join(f"{each.type} {each.index}" for each in tasks) or "none"
        raise _wrong_config(f"names the task {mine.type} {mine.index}, its cluster has {named}")
    number = tasks.index(mine)
    return Rank(
        number,
        len(tasks),
        "TF_CONFIG",
        host=split_address(addresses[number])[0],
        addresses=tuple(addresses),
        tasks=tuple(tasks),
    )


def _parts_of(text: str) -> tuple[dict[str, list[str]], dict[str, Any]]:
    """Parse the cluster and the task of a TF_CONFIG; its other fields are ignored."""
    try:
        found = json.loads(text)
        cluster = {str(kind): list(addresses) for kind, addresses in found["cluster"].items()}
        return cluster, dict(found.get("task") or {})
    except (ValueError, TypeError, KeyError, AttributeError):
        raise _wrong_config(
            'is not like {"cluster": {"worker": ["host:port", ...]}, "task": {"type": "worker",'
            ' "index": 0}}'
        ) from None


def _is_address(text: str) -> bool:
    """Whether this is `host:port`, with a valid port number."""
    found = re.fullmatch(r".+:([0-9]{1,5})", text)
    return found is not None and 0 < int(found[1]) < 2**16


def _wrong_config(what: str) -> UsageError:
    return UsageError(f"TF_CONFIG {what}")


def _of_slurm(environment: Mapping[str, str], around: RankInputs) -> Rank:
    number = _number(environment, "SLURM_PROCID")
    size = _number(environment, "SLURM_STEP_NUM_TASKS", "SLURM_NTASKS")
    listed = environment["SLURM_STEP_NODELIST"]
    node = environment.get("SLURMD_NODENAME", "")
    nodes = around.slurm_nodes(listed)
    if node and node not in nodes:
        raise UsageError(f"Slurm runs this on {node}, which its host list does not have: {listed}")
    return Rank(
        number,
        size,
        "SLURM_PROCID",
        host=nodes.get(node, ""),
        nodes=tuple(nodes.values()),
    )


def _of_open_mpi(environment: Mapping[str, str], _around: RankInputs) -> Rank:
    number = _number(environment, "OMPI_COMM_WORLD_RANK")
    size = _number(environment, "OMPI_COMM_WORLD_SIZE")
    # If all of them are on one host, no other host must reach them.
    alone = environment.get("OMPI_COMM_WORLD_LOCAL_SIZE") == str(size)
    return Rank(number, size, "OMPI_COMM_WORLD_RANK", host="127.0.0.1" if alone else "")


def _of_kubernetes(environment: Mapping[str, str], around: RankInputs) -> Rank:
    number = _number(environment, "JOB_COMPLETION_INDEX")
    if around.workers is None:
        raise UsageError("an Indexed Job does not tell its pods how many they are: add --workers W")
    pod, _, domain = around.fqdn().partition(".")
    job = pod.removesuffix(f"-{number}")
    if not domain or job == pod:
        raise UsageError(
            f"this pod is called {around.fqdn()}, and peers find it as JOB-{number}.SERVICE only:"
            " give its Job a headless Service, and the pods that service as subdomain"
        )
    nodes = tuple(f"{job}-{index}.{domain}" for index in range(around.workers))
    if number >= len(nodes):
        raise UsageError(f"JOB_COMPLETION_INDEX is {number}, and --workers {around.workers}")
    return Rank(number, len(nodes), "JOB_COMPLETION_INDEX", host=nodes[number], nodes=nodes)


def _number(environment: Mapping[str, str], *names: str) -> int:
    """The number in the first of these variables that is set."""
    for name in names:
        if name in environment:
            if not environment[name].isdecimal():
                raise UsageError(f"{name} is '{environment[name]}', which is no number")
            return int(environment[name])
    raise UsageError(f"{names[0]} is not set, though the variables beside it are")


def split_address(address: str) -> tuple[str, int]:
    """Split `host:port`; an IPv6 host loses its brackets."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def join_address(host: str, port: int) -> str:
    """Join host and port to `host:port`; an IPv6 host gets brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


_READERS: dict[str, Callable[[Mapping[str, str], RankInputs], Rank]] = {
    "TF_CONFIG": _of_tf_config,
    "SLURM_PROCID": _of_slurm,
    "OMPI_COMM_WORLD_RANK": _of_open_mpi,
    "JOB_COMPLETION_INDEX": _of_kubernetes,
}
