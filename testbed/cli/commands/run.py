"""`testbed run`: run scenarios, show the table, write the record."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

from testbed.catalogue.selection import Selection, select
from testbed.cli.options.run import RunOptions
from testbed.cli.options.shared import DeadlineOptions, ProgramDeadlineOptions
from testbed.cluster.strategies import STRATEGIES, Deployment, deployments
from testbed.errors import OK, UNEXPECTED, WRONG_COMMAND, UsageError
from testbed.hosts.role import Role
from testbed.launcher.cluster.deadlines import Deadlines
from testbed.launcher.machine.environment import kept_from
from testbed.launcher.run_folder import RUNS, RunFolder, keep_json, new_run_folder
from testbed.report.formats.destinations import all_destinations
from testbed.report.formats.text import show_files, show_line, show_record
from testbed.report.formats.written import RECORD, texts_of, write_all
from testbed.report.output.console import ConsoleObserver
from testbed.report.records.collected import planned
from testbed.report.records.record import record_of
from testbed.run.options import Options
from testbed.run.room import most_at_once, require_room_for
from testbed.run.runner import run, utc_now
from testbed.signals import interruptible
from testbed.terminal import complain


def require_valid(options: RunOptions, role: Role) -> None:
    """Reject options that `main` would reject, before a job waits in a queue.

    Raises:
        UsageError: the command cannot be carried out as written.
    """
    _run_options(options, role)
    selection = _select(options, role)
    if not selection.problems:
        _require_cases(selection)


def main(options: RunOptions, role: Role) -> int:
    """Run the cases that the options select, and return the exit status."""
    selection = _select(options, role)
    run_options = _run_options(options, role)
    wanted = all_destinations(json=options.json, html=options.html, junit=options.junit)
    for unreadable in selection.problems:
        complain(unreadable)
    _require_cases(selection)
    run_options = replace(run_options, jobs=_fitting_jobs(options, run_options, selection))
    if kept := kept_from(os.environ):
        show_line(f"kept from your environment: {', '.join(kept)}")
    with run_folder(role) as folder:
        observer = ConsoleObserver(selection, verbose=options.verbose)
        whole = functools.partial(
            record_of,
            selection=selection,
            run=folder.id,
            device=run_options.device,
            command=sys.argv[1:],
        )
        # With the plan, `testbed report` can show a run that was interrupted.
        keep_json(folder.plan, whole(planned(selection), began=utc_now(), seconds=0.0).to_json())
        with observer:
            done = interruptible(run(selection, run_options, folder, observer))
        record = whole(done.verdicts, began=done.began, seconds=done.seconds)
        # Show the result before writing files: a full disk must not lose it.
        show_record(record)
        written, lost = write_all(texts_of(record), {RECORD: folder.record, **wanted})
    show_files({**written, "logs and readings": folder.path})
    for problem in lost:
        complain(problem)
    if selection.problems:
        return WRONG_COMMAND
    return OK if record.as_expected and not lost else UNEXPECTED


def _select(options: RunOptions, role: Role) -> Selection:
    return select(options.patterns, _deployments(options, role), options.mode)


def _deployments(options: RunOptions, role: Role) -> list[Deployment]:
    if not role.rank:
        return deployments(options.strategy, options.workers, options.replicas)
    # On an engine all workers run already; a strategy that takes no workers keeps its cluster.
    several = workers_of(options.workers, role) or 1
    return [
        replace(each, cluster=replace(each.cluster, workers=several))
        if STRATEGIES[each.strategy].takes_workers
        else each
        for each in deployments(options.strategy, None, options.replicas)
    ]


def workers_of(given: int | None, role: Role) -> int | None:
    """The given number of workers; on an engine without a number, all its workers."""
    return given or (role.rank.size if role.rank else given)


def run_folder(role: Role) -> contextlib.AbstractContextManager[RunFolder]:
    """A new run folder, or the folder that the hosts of a job share."""
    return contextlib.nullcontext(role.folder) if role.folder else new_run_folder(RUNS)


def deadlines_of(options: DeadlineOptions | ProgramDeadlineOptions, begin: str = "") -> Deadlines:
    """The deadlines of a command; for `begin` see `Deadlines`.

    Raises:
        UsageError: one of them is not above 0.
    """
    require_positive("--timeout", options.timeout)
    require_positive("--start-timeout", options.start_timeout)
    return Deadlines(options.start_timeout, options.timeout, begin)


def require_positive(name: str, number: float | None) -> None:
    """Reject an option whose number is given and not above 0.

    Raises:
        UsageError: the number is 0, below 0, or no number.
    """
    if number is not None and not number > 0:
        raise UsageError(f"{name} {number:g}: more than 0")


def _run_options(options: RunOptions, role: Role) -> Options:
    require_positive("-j", options.jobs)
    deadlines = deadlines_of(options.deadlines)
    # The mixed output of several cases is unreadable, so -v runs one case at a time.
    jobs = options.jobs or (1 if options.verbose else os.cpu_count() or 1)
    return Options(
        device=options.device,
        python=_interpreter(options.python),
        jobs=jobs,
        fresh=options.fresh,
        deadlines=deadlines,
        isolation=options.isolation,
        rank=role.rank,
    )


def _fitting_jobs(options: RunOptions, how: Options, selection: Selection) -> int:
    """How many cases run side by side: the requested number, else what the machine can run.

    Raises:
        UsageError: this machine cannot run a single case, or not as many as requested.
    """
    fresh = how.fresh or any(selection.scenario(case).fresh for case in selection.cases)
    clusters = [case.deployment for case in selection.cases]
    require_room_for(clusters, fresh=how.fresh, rank=how.rank)
    jobs = min(how.jobs, len(clusters))
    most = most_at_once(clusters, fresh=fresh, rank=how.rank)
    if options.jobs and jobs > most:
        largest = max(clusters, key=lambda each: each.processes)
        require_room_for(
            [largest],
            asked=f"-j {options.jobs} with {largest}",
            at_once=jobs,
            fresh=how.fresh,
            rank=how.rank,
        )
    return jobs if options.jobs else min(jobs, most)


def _interpreter(name: str | None) -> str:
    """The interpreter that --python names, or this one."""
    if name is None:
        return sys.executable
    found = shutil.which(name)
    if found is None:
        raise UsageError(f"--python {name}: no such interpreter")
    return str(Path(found).absolute())


def _require_cases(selection: Selection) -> None:
    if selection.cases:
        return
    if selection.problems:
        raise UsageError("no other script was selected, so nothing is run")
    raise UsageError(
        "no case is left: the selected scenarios have none of these modes (testbed list shows all)"
    )
