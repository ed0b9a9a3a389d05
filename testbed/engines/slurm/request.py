"""The request for a Slurm job: translates the options of a command to those of sbatch."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from testbed.bootstrap import python_arguments
from testbed.cli.declarations.engine import EngineOptions
from testbed.engines import InnerCommand
from testbed.engines.job_files import JobFiles
from testbed.errors import UsageError

PARTS_OF_THE_RUN = {"nodes", "ntasks", "ntasks_per_node", "array", "requeue", "wait", "output"}
"""Options of sbatch that the testbed sets, or that would break how it follows the job."""


@dataclass(frozen=True)
class SlurmRequest:
    """A job that is not yet submitted."""

    command: tuple[str, ...]
    """The command of each process."""
    files: JobFiles
    nodes: int
    tasks_per_node: int
    sbatch: Mapping[str, str | int | bool] = field(default_factory=dict)
    """Further options of sbatch, with underscores; True for one without a value."""
    cpus_per_task: int | None = None

    @property
    def srun(self) -> list[str]:
        """The options of srun."""
        # Since Slurm 22.05, srun no longer takes this from the job.
        cpus = [f"--cpus-per-task={self.cpus_per_task}"] if self.cpus_per_task else []
        # Without this, the other tasks wait for a dead worker for ever.
        return ["--kill-on-bad-exit=1", *cpus]


def request_of(options: EngineOptions, inner: InnerCommand) -> SlurmRequest:
    """The request that the options of a command describe.

    Raises:
        UsageError: the nodes do not fit the workers, or an option of sbatch is not allowed.
    """
    nodes = options.slurm.nodes or inner.workers
    if nodes < 1 or inner.workers % nodes:
        raise UsageError(f"--nodes {nodes}: {inner.workers} workers cannot be shared out evenly")
    tasks = inner.workers // nodes
    gpus = inner.gpus_per_worker * tasks
    named = {
        "partition": options.slurm.partition,
        "account": options.slurm.account,
        "time": options.time,
        "cpus_per_task": options.cpus_per_worker,
        "gpus_per_node": gpus or None,
    }
    return SlurmRequest(
        # Unbuffered: the output is shown while the job runs.
        command=(sys.executable, "-u", *python_arguments("testbed", *inner.words)),
        files=JobFiles(inner.folder),
        nodes=nodes,
        tasks_per_node=tasks,
        sbatch={
            # A job that Slurm restarts would find the files of its first attempt.
            "no_requeue": True,
            **{name: value for name, value in named.items() if value is not None},
            **_further(options.slurm.sbatch),
        },
        cpus_per_task=options.cpus_per_worker,
    )


def _further(pairs: tuple[str, ...]) -> dict[str, str | int | bool]:
    """The options of sbatch that `--sbatch name=value` adds."""
    further: dict[str, str | int | bool] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        name = name.strip().lstrip("-").replace("-", "_")
        if not name.isidentifier() or "\n" in value:
            raise UsageError(f"--sbatch {pair}: not name=value, like mem=8G, or a name alone")
        if name in PARTS_OF_THE_RUN:
            raise UsageError(f"--sbatch {pair}: the testbed decides that; see --workers, --nodes")
        further[name] = value if equals else True
    return further
