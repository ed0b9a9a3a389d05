"""Options that say who creates the processes, and the command that each of them runs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from testbed.engines import ENGINES, ENVIRONMENT, LOCAL, Inner
from testbed.errors import UsageError
from testbed.launcher.run_folder import RUNS, next_run_path

MEETING_S = 300.0


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


def require_engine(options: argparse.Namespace) -> None:
    """Refuse options that do not go with the engine.

    Raises:
        UsageError: one of them does not.
    """
    if options.engine == LOCAL:
        for name in ("folder", "export", "gpus_per_worker", "partition", "container", "address"):
            if getattr(options, name):
                raise UsageError(
                    f"--{name.replace('_', '-')}: needs --engine"
                    f" {', '.join(each for each in ENGINES if each != LOCAL)}"
                )
        return
    if options.isolation == "required":
        raise UsageError("--isolation required: workers of several hosts need their network")
    if options.engine == ENVIRONMENT and not options.folder:
        raise UsageError("--folder is missing: one that all workers share, and that holds no run")
    for name in ("gpus_per_worker", "cpus_per_worker", "time", "nodes", "workers"):
        number = getattr(options, name)
        if number is not None and number < 1 and (name, number) != ("workers", 0):
            raise UsageError(f"--{name.replace('_', '-')} {number}: at least 1")


def inner_of(options: argparse.Namespace) -> Inner:
    """What an engine has each of its processes run, for what the options ask for."""
    options.workers = options.workers or 2
    if options.gpus_per_worker:
        if not hasattr(options, "device"):
            raise UsageError(f"--gpus-per-worker: testbed {options.command} runs on CPUs")
        options.device = "gpu"
        options.replicas = options.replicas or options.gpus_per_worker
    folder = str(Path(options.folder or next_run_path(RUNS)).absolute())
    words = [options.command, "--engine", ENVIRONMENT, "--folder", folder]
    words += ["--meeting-timeout", f"{options.meeting_timeout:g}"]
    return Inner(
        (*words, *_own_words(options)), folder, options.workers, options.gpus_per_worker or 0
    )


def words_without_cluster(options: argparse.Namespace) -> list[str]:
    """What was typed of the command's own, but for its devices and how many."""
    cluster = ("device", "workers", "replicas")
    kept = [action for action in options.actions if action.dest not in cluster]
    return _own_words(argparse.Namespace(**{**vars(options), "actions": kept}))


def _own_words(options: argparse.Namespace) -> list[str]:
    """The options of the command itself, as they would be typed, and then its arguments."""
    words: list[str] = []
    last: list[str] = []
    for action in options.actions:
        given = getattr(options, action.dest, None)
        if given in (None, action.default, []):
            continue
        if not action.option_strings:
            last = [str(each) for each in given]
        elif action.nargs == argparse.REMAINDER:
            last = [action.option_strings[0], *given]
        else:
            words += _typed(action, given)
    return [*words, *last]


def _typed(action: argparse.Action, given: Any) -> list[str]:
    name = action.option_strings[-1]
    if action.nargs == 0:
        return [name]
    if isinstance(given, list):
        return [word for each in given for word in (name, str(each))]
    return [name, f"{given:g}" if isinstance(given, float) else str(given)]
