"""Options that say who creates the processes, for the commands that run something."""

from __future__ import annotations

import argparse

from testbed.engines import ENGINES, LOCAL, MEETING_S


def add_engine(parser: argparse.ArgumentParser, default: str = LOCAL) -> None:
    """Where the workers run: on this machine, or on several by an engine."""
    group = parser.add_argument_group("beyond one machine")
    group.add_argument(
        "--engine",
        default=default,
        choices=ENGINES,
        help="who starts the workers: this machine (local), somebody else, who has set TF_CONFIG,"
        " SLURM_*, OMPI_* or JOB_COMPLETION_INDEX (environment), or slurm, ray, kubernetes"
        f" (default {default})",
    )
    group.add_argument(
        "--folder", metavar="FOLDER", help="of the run; all hosts have to share it, at one path"
    )
    group.add_argument(
        "--meeting-timeout", type=float, default=MEETING_S, metavar="S",
        help=f"seconds until all workers have come (default {MEETING_S:.0f})",
    )  # fmt: skip
    group.add_argument(
        "--address", metavar="HOST", help="environment: how the others find this host"
    )
    group.add_argument(
        "--gpus-per-worker", type=int, metavar="N", help="of each worker; means --device gpu"
    )
    group.add_argument("--cpus-per-worker", type=int, metavar="N", help="of each worker")
    group.add_argument(
        "--time", type=int, metavar="MINUTES", help="after which the engine ends the job"
    )
    group.add_argument(
        "--export", metavar="FILE", help="slurm, kubernetes: write what would be submitted instead"
    )
    slurm = parser.add_argument_group("slurm")
    slurm.add_argument("--partition", metavar="NAME", help="as for sbatch")
    slurm.add_argument("--account", metavar="NAME", help="as for sbatch")
    slurm.add_argument("--nodes", type=int, metavar="N", help="default: one for each worker")
    slurm.add_argument(
        "--sbatch", action="append", metavar="NAME=VALUE", help="any other option of sbatch"
    )
    kubernetes = parser.add_argument_group("kubernetes")
    kubernetes.add_argument("--container", metavar="IMAGE", help="with Python, testbed, TensorFlow")
    kubernetes.add_argument("--claim", metavar="NAME", help="of the volume that holds --folder")
    kubernetes.add_argument("--namespace", dest="kube_namespace", metavar="NAME", help="of the job")
    kubernetes.add_argument(
        "--tfjob", action="store_true", help="write a TFJob instead of an Indexed Job"
    )
    engines = {action.dest for part in (group, slurm, kubernetes) for action in part._group_actions}
    # An option that is of no engine is one of the command, which every worker gets, too.
    parser.set_defaults(actions=[each for each in parser._actions if each.dest not in engines])
