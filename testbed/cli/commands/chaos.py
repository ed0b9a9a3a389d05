"""`testbed chaos`: inject faults into workers, and report which cases recover."""

from __future__ import annotations

import secrets
import sys
from dataclasses import replace

from testbed.catalogue.selection import Selection, matches, select
from testbed.chaos.cases import ChaosRequest
from testbed.chaos.draw import Wanted, require_sensible, require_worker
from testbed.chaos.progress import ChaosProgress
from testbed.chaos.record import ChaosRecord
from testbed.chaos.replay import replay_command
from testbed.chaos.run import chaos
from testbed.chaos.text import seed_line, show_sums
from testbed.cli.commands.run import deadlines_of, require_positive
from testbed.cli.main import require_tensorflow
from testbed.cli.options.chaos import ChaosOptions
from testbed.cluster.strategies import DEFAULT_DEPLOYMENTS, STRATEGIES, Deployment, deployments
from testbed.errors import OK, UNEXPECTED, WRONG_COMMAND, UsageError
from testbed.launcher.run_folder import RUNS, json_text, new_run_folder
from testbed.report.formats.destinations import all_destinations
from testbed.report.formats.text import console, show_files
from testbed.report.formats.written import RECORD, Texts, write_all
from testbed.run.options import Options
from testbed.run.room import require_room_for
from testbed.signals import interruptible
from testbed.terminal import complain

STRATEGY = "multi_worker_mirrored"
WORKERS = 2

# A random seed is short enough to type.
SEEDS = 10**6

# The largest numbers that a record of chaos may hold, so that it can be read again.
MOST_SEED = 2**63
MOST_SECONDS = 1e9


def main(options: ChaosOptions) -> int:
    """Inject faults into the selected cases, and return the exit status."""
    request = _request(options)
    wanted = all_destinations(json=options.json)
    selection = _select(options)
    for unreadable in selection.problems:
        complain(unreadable)
    _require_cases(selection)
    require_room_for(case.deployment for case in selection.cases)
    for case in selection.cases:
        require_worker(request.wanted, case.deployment.processes, case.id)
    require_tensorflow()
    with new_run_folder(RUNS) as folder:
        with ChaosProgress(selection, request.repeat, verbose=options.verbose) as progress:
            progress.show(seed_line(request.seed))
            record = interruptible(
                chaos(
                    selection,
                    request,
                    folder,
                    progress,
                    command=sys.argv[1:],
                    replay=lambda case, fault: replay_command(selection, request, case, fault),
                )
            )
        show_sums(record, console())
        written, lost = write_all(_texts_of(record), {RECORD: folder.record, **wanted})
    show_files({**written, "logs": folder.path})
    for problem in lost:
        complain(problem)
    if selection.problems:
        return WRONG_COMMAND
    return OK if record.recovered and not lost else UNEXPECTED


def _texts_of(record: ChaosRecord) -> Texts:
    return {
        RECORD: lambda: json_text(record.to_json()),
        "json": lambda: json_text(record.to_json()),
    }


def _request(options: ChaosOptions) -> ChaosRequest:
    deadlines = deadlines_of(options.deadlines)
    require_positive("--seconds", options.seconds)
    if not -MOST_SEED <= (options.seed or 0) <= MOST_SEED:
        raise UsageError(f"--seed {str(options.seed)[:20]}: from -2**63 to 2**63")
    if (options.seconds or 0) > MOST_SECONDS:
        raise UsageError(f"--seconds {options.seconds:g}: at most {MOST_SECONDS:g}")
    for name, least in (("repeat", 1), ("restarts", 0)):
        number = getattr(options, name)
        if number < least:
            raise UsageError(f"--{name} {number}: at least {least}")
    wanted = Wanted(options.fault, options.worker, options.at, options.seconds)
    require_sensible(wanted)
    return ChaosRequest(
        wanted,
        seed=secrets.randbelow(SEEDS) if options.seed is None else options.seed,
        repeat=options.repeat,
        restarts=options.restarts,
        options=Options(
            deadlines=deadlines,
            isolation=options.isolation,
        ),
    )


def _select(options: ChaosOptions) -> Selection:
    """The cases that the command names; each has several workers, so a faulty one has a peer.

    Where no option names a strategy or a cluster, a case's id may name them.
    """
    patterns = options.patterns
    if options.strategy or (options.workers, options.replicas) != (None, None):
        return select(patterns, _deployments(options), options.mode)
    found = select(patterns, DEFAULT_DEPLOYMENTS, options.mode)
    ids = [pattern for pattern in patterns if "@" in pattern]
    usual = deployments([STRATEGY], WORKERS, 1)
    named = {case for case in found.cases if any(matches(each, case) for each in ids)}
    for case in found.cases:
        if case in named and case.workers == 1:
            raise UsageError(f"{case.id}: {_NO_PEER}")
    kept = [case for case in found.cases if case in named or case.deployment in usual]
    return replace(found, cases=tuple(kept))


_NO_PEER = "one worker has no peer that reacts to the fault; choose a case of at least 2"


def _deployments(options: ChaosOptions) -> list[Deployment]:
    if options.workers == 1:
        raise UsageError(f"--workers 1: {_NO_PEER}")
    names = options.strategy or [STRATEGY]
    for name in names:
        if name in STRATEGIES and not STRATEGIES[name].takes_workers:
            several = [each.name for each in STRATEGIES.values() if each.takes_workers]
            raise UsageError(
                f"--strategy {name}: one process has no peer that reacts to the fault;"
                f" choose from {', '.join(several)}"
            )
    workers = WORKERS if options.workers is None else options.workers
    return deployments(names, workers, 1 if options.replicas is None else options.replicas)


def _require_cases(selection: Selection) -> None:
    if selection.cases:
        return
    if selection.problems:
        raise UsageError("no other script was selected, so nothing is run")
    raise UsageError(
        "no case is left: the selected scenarios have no case of several workers in these modes"
        " (testbed list shows all)"
    )
