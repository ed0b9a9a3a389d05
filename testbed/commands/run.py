"""`testbed run`: run scenarios, show the table, keep the record."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from testbed.case_run import Options
from testbed.cli import OK, UNEXPECTED, WRONG_COMMAND
from testbed.errors import UsageError
from testbed.launcher.cluster_run import Deadlines
from testbed.launcher.environment import kept_from
from testbed.launcher.run_folder import RUNS, new_run_folder
from testbed.report.console import ConsoleObserver
from testbed.report.destinations import all_destinations
from testbed.report.record import record_of
from testbed.report.text import show_files, show_line, show_record
from testbed.report.written import RECORD, texts_of, write_all
from testbed.runner import run
from testbed.selection import Selection, select
from testbed.strategies import deployments
from testbed.streams import complain

Result = TypeVar("Result")


def main(options: argparse.Namespace) -> int:
    """Run what the options select; the exit status."""
    selection = select(
        options.patterns,
        deployments(options.strategy, options.workers, options.replicas),
        options.mode,
    )
    run_options = _run_options(options)
    wanted = all_destinations(json=options.json, html=options.html, junit=options.junit)
    for told in selection.problems:
        complain(told)
    _require_cases(selection)
    if kept := kept_from(os.environ):
        show_line(f"kept from your environment: {', '.join(kept)}")
    with new_run_folder(RUNS) as folder:
        observer = ConsoleObserver(selection, verbose=options.verbose)
        with observer:
            done = interruptible(run(selection, run_options, folder, observer))
        record = record_of(
            done.verdicts,
            selection,
            run=folder.id,
            began=done.began,
            seconds=done.seconds,
            device=run_options.device,
            command=sys.argv[1:],
        )
        # Shown before anything is written: a full disk must not take what was seen.
        show_record(record)
        written, lost = write_all(texts_of(record), {RECORD: folder.record, **wanted})
    show_files({**written, "logs and readings": folder.path})
    for problem in lost:
        complain(problem)
    if selection.problems:
        return WRONG_COMMAND
    return OK if record.as_expected and not lost else UNEXPECTED


def interruptible(work: Coroutine[Any, Any, Result]) -> Result:
    """Run to the end, or, on SIGINT, SIGTERM or SIGHUP, only until everything is cleaned up.

    Raises:
        KeyboardInterrupt: it was interrupted.
    """

    async def watched() -> Result:
        task = asyncio.ensure_future(work)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, task.cancel)
        return await task

    try:
        return asyncio.run(watched())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


def deadlines_of(options: argparse.Namespace, begin: str = "") -> Deadlines:
    """The deadlines that a command gives; for `begin` see `Deadlines`.

    Raises:
        UsageError: one of them is no time.
    """
    require_positive("--timeout", options.timeout)
    require_positive("--start-timeout", options.start_timeout)
    return Deadlines(options.start_timeout, options.timeout, begin)


def require_positive(name: str, number: float | None) -> None:
    """Refuse an option that is given and not more than 0.

    Raises:
        UsageError: it is not.
    """
    if number is not None and not number > 0:
        raise UsageError(f"{name} {number:g}: more than 0")


def _run_options(options: argparse.Namespace) -> Options:
    require_positive("-j", options.jobs)
    deadlines = deadlines_of(options)
    # Output of several cases at once cannot be read, so -v runs one after the other.
    jobs = options.jobs or (1 if options.verbose else os.cpu_count() or 1)
    return Options(
        device=options.device,
        python=_interpreter(options.python),
        jobs=jobs,
        fresh=options.fresh,
        deadlines=deadlines,
        isolation=options.isolation,
    )


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
