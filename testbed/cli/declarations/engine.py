"""The engines, and their options for every command that runs workers.

This is the one place where an engine is registered: its entry in `ENGINES`, and where it has
options that no other engine takes, a dataclass and a field of `EngineOptions` with its name. The
package `testbed.engines.<name>` does its work.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from testbed.cli.declarations.model import group, option, repeated, switch
from testbed.cluster.cluster import MEETING_S

LOCAL, ENVIRONMENT = "local", "environment"


@dataclass(frozen=True)
class EngineKind:
    """One engine, by its name on the command line."""

    name: str
    summary: str
    usage: str = ""
    """A command that uses it, for the help."""
    uses: tuple[str, ...] = ()
    """The fields of `EngineOptions` that it uses; those of its own group need no entry."""
    needs_folder: bool = False
    """Whether `--folder` must be given."""
    command: str = ""
    """An executable that shows that the engine is installed."""
    package: str = ""
    """A Python package that shows that the engine is installed."""
    example: tuple[str, ...] = ()
    """Further words that a suggested command needs."""
    exported_folder: str = ""
    """The name of the default run folder of an exported job, whose shell expands variables."""

    @property
    def starts_job(self) -> bool:
        """Whether it starts the command again in every process of a job."""
        return self.name not in (LOCAL, ENVIRONMENT)


ENGINES = {
    engine.name: engine
    for engine in (
        EngineKind(LOCAL, "processes on this machine (default)"),
        EngineKind(
            ENVIRONMENT,
            "another launcher has started the processes, and has set TF_CONFIG, SLURM_*, OMPI_* or"
            " JOB_COMPLETION_INDEX",
            "launch --engine environment --folder /shared/run train.py",
            uses=("folder", "address"),
            needs_folder=True,
        ),
        EngineKind(
            "slurm",
            "a Slurm job",
            "run module_global --engine slurm --workers 4 --gpus-per-worker 2 --partition gpu",
            uses=("folder", "gpus_per_worker", "cpus_per_worker", "time", "export"),
            command="sbatch",
            exported_folder="slurm-$SLURM_JOB_ID",
        ),
        EngineKind(
            "ray",
            "Ray Train",
            "check --engine ray --workers 2 train.py",
            uses=("folder", "gpus_per_worker", "cpus_per_worker"),
            package="ray",
        ),
        EngineKind(
            "kubernetes",
            "an Indexed Job, whose manifest --export writes",
            "run --engine kubernetes --export job.yaml --container IMAGE --claim C --folder /c/run",
            uses=("folder", "gpus_per_worker", "cpus_per_worker", "time", "export"),
            needs_folder=True,
            command="kubectl",
            example=(
                *("--export", "job.yaml", "--container", "IMAGE", "--claim", "NAME"),
                *("--folder", "/shared/run"),
            ),
        ),
    )
}


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
        "--container", metavar="IMAGE", help="image with Python, testbed and TensorFlow"
    )
    claim: str | None = option(
        "--claim", metavar="NAME", help="claim of the volume that holds --folder"
    )
    namespace: str | None = option("--namespace", metavar="NAME", help="namespace of the job")
    tfjob: bool = switch("--tfjob", help="write a TFJob instead of an Indexed Job")


def _engine_option(default: str) -> Any:
    return option(
        "--engine",
        default=default,
        choices=tuple(ENGINES),
        help="what starts the workers (default %(default)s): see testbed help engines",
    )


@dataclass(frozen=True)
class EngineOptions:
    """The options of engines, which start the workers on this machine or on several hosts."""

    engine: str = _engine_option(LOCAL)
    folder: str | None = option(
        "--folder", metavar="FOLDER", help="run folder; all hosts must share it, at the same path"
    )
    meeting_timeout: float = option(
        "--meeting-timeout", kind=float, default=MEETING_S, metavar="S",
        help=f"seconds until all workers have connected (default {MEETING_S:.0f})",
    )  # fmt: skip
    address: str | None = option(
        "--address", metavar="HOST", help="environment: where the others reach this host"
    )
    gpus_per_worker: int | None = option(
        "--gpus-per-worker", kind=int, metavar="N", help="GPUs of each worker; implies --device gpu"
    )
    cpus_per_worker: int | None = option(
        "--cpus-per-worker", kind=int, metavar="N", help="CPUs of each worker"
    )
    time: int | None = option(
        "--time",
        kind=int,
        metavar="MINUTES",
        help="time limit, after which the engine ends the job",
    )
    export: str | None = option(
        "--export", metavar="FILE", help="slurm, kubernetes: write the job instead of submitting it"
    )
    slurm: SlurmOptions = group(SlurmOptions, "slurm")
    kubernetes: KubernetesOptions = group(KubernetesOptions, "kubernetes")

    @property
    def kind(self) -> EngineKind:
        """The entry of the chosen engine."""
        return ENGINES[self.engine]


@dataclass(frozen=True)
class StartedEngineOptions(EngineOptions):
    """The same options in a process that an engine has started."""

    engine: str = _engine_option(ENVIRONMENT)


def engine_group(kind: type[EngineOptions] = EngineOptions) -> Any:
    """A field of a command's options that holds the options of engines."""
    return group(kind, "beyond one machine", listed=["engine"])


class RunsOnEngine(Protocol):
    """The options of a command that runs workers."""

    @property
    def workers(self) -> int | None:
        """The number of workers; None or 0 where none is given."""

    @property
    def replicas(self) -> int | None:
        """The replicas of each worker; None or 0 where none is given."""

    @property
    def isolation(self) -> str:
        """The isolation of the run: `auto`, `required` or `none`."""

    @property
    def python(self) -> str | None:
        """The interpreter of the workers; None for this one."""

    @property
    def engine(self) -> EngineOptions:
        """The options of engines."""
