"""Options that say who creates the processes, for the commands that run something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from testbed.cli.options.model import group, option, repeated, switch
from testbed.cluster.engine_names import ENGINES, ENVIRONMENT, LOCAL, MEETING_S


@dataclass(frozen=True)
class SlurmOptions:
    """Options of sbatch."""

    partition: str | None = option("--partition", metavar="NAME", help="as for sbatch")
    account: str | None = option("--account", metavar="NAME", help="as for sbatch")
    nodes: int | None = option(
        "--nodes", kind=int, metavar="N", help="default: one for each worker"
    )
    sbatch: tuple[str, ...] = repeated(
        "--sbatch", metavar="NAME=VALUE", help="any other option of sbatch"
    )


@dataclass(frozen=True)
class KubernetesOptions:
    """Options of the manifest."""

    container: str | None = option(
        "--container", metavar="IMAGE", help="with Python, testbed, TensorFlow"
    )
    claim: str | None = option("--claim", metavar="NAME", help="of the volume that holds --folder")
    namespace: str | None = option("--namespace", metavar="NAME", help="of the job")
    tfjob: bool = switch("--tfjob", help="write a TFJob instead of an Indexed Job")


def _engine_option(default: str) -> Any:
    return option(
        "--engine",
        default=default,
        choices=ENGINES,
        help="who starts the workers: this machine (local), somebody else, who has set TF_CONFIG,"
        " SLURM_*, OMPI_* or JOB_COMPLETION_INDEX (environment), or slurm, ray, kubernetes"
        " (default %(default)s)",
    )


@dataclass(frozen=True)
class EngineOptions:
    """Where the workers run: on this machine, or on several by an engine."""

    engine: str = _engine_option(LOCAL)
    folder: str | None = option(
        "--folder", metavar="FOLDER", help="of the run; all hosts have to share it, at one path"
    )
    meeting_timeout: float = option(
        "--meeting-timeout", kind=float, default=MEETING_S, metavar="S",
        help=f"seconds until all workers have come (default {MEETING_S:.0f})",
    )  # fmt: skip
    address: str | None = option(
        "--address", metavar="HOST", help="environment: how the others find this host"
    )
    gpus_per_worker: int | None = option(
        "--gpus-per-worker", kind=int, metavar="N", help="of each worker; means --device gpu"
    )
    cpus_per_worker: int | None = option(
        "--cpus-per-worker", kind=int, metavar="N", help="of each worker"
    )
    time: int | None = option(
        "--time", kind=int, metavar="MINUTES", help="after which the engine ends the job"
    )
    export: str | None = option(
        "--export", metavar="FILE", help="slurm, kubernetes: write what would be submitted instead"
    )
    slurm: SlurmOptions = group(SlurmOptions, "slurm")
    kubernetes: KubernetesOptions = group(KubernetesOptions, "kubernetes")


@dataclass(frozen=True)
class StartedEngineOptions(EngineOptions):
    """The same in a process that an engine has started."""

    engine: str = _engine_option(ENVIRONMENT)


def engine_group(kind: type[EngineOptions] = EngineOptions) -> Any:
    """The options of engines as a field of a command's."""
    return group(kind, "beyond one machine")


class RunsOnEngine(Protocol):
    """The options of a command that runs workers."""

    @property
    def workers(self) -> int | None:
        """How many; None or 0 where that was not typed."""

    @property
    def replicas(self) -> int | None:
        """Of each worker; None or 0 where that was not typed."""

    @property
    def isolation(self) -> str:
        """How far the run is from others on this machine."""

    @property
    def engine(self) -> EngineOptions:
        """Who creates the processes."""
