"""`testbed check`: find where a user's program is wrong under replication."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path

from testbed.check.finding import NOTE, Finding
from testbed.check.formats import as_github, as_json, as_sarif
from testbed.check.judge import chosen
from testbed.check.run import Checked, check_program
from testbed.check.text import count, describe
from testbed.cli.commands.launch import program_of, require_at_least_one
from testbed.cli.commands.run import deadlines_of, run_folder, workers_of
from testbed.cli.options.check import CheckOptions
from testbed.cluster.cluster import Cluster
from testbed.cluster.strategies import Deployment
from testbed.errors import OK, UNEXPECTED, LaunchError, UsageError
from testbed.hosts.role import Role
from testbed.launcher.run_folder import RunFolder, write_bytes
from testbed.orders.own_code import RUN_CHECKED, Program
from testbed.report.formats.destinations import destination
from testbed.report.formats.text import show_line
from testbed.report.formats.written import write_to
from testbed.report.records.program import recorded
from testbed.run.options import Options
from testbed.run.room import require_room_for
from testbed.run.user_code.cluster_choice import Choice
from testbed.run.user_code.place import JOINING, own_code_place
from testbed.signals import interruptible
from testbed.terminal import complain, write_utf8

CASE = "check"
FAILED_BY_ITSELF = 3
INCOMPLETE = 4

_FORMATS = {"json": as_json, "sarif": as_sarif, "github": as_github}
_SEVERAL_WORKERS = re.compile(r"MultiWorkerMirroredStrategy|TF_CONFIG")


def require_valid(options: CheckOptions, role: Role) -> None:
    """Reject options that `main` would reject, before a job waits in a queue."""
    _deployment(options, _text_of(_data_of(program_of(options.program, "check"))), role)
    deadlines_of(options.deadlines, JOINING)


def main(options: CheckOptions, role: Role) -> int:
    """Check the program that the options name, and return the exit status."""
    program = program_of(options.program, "check")
    data = _data_of(program)
    text = _text_of(data)
    deployment = _deployment(options, text, role)
    output = destination("--output", options.output)
    how = Options(
        device="cpu",
        fresh=options.fresh,
        deadlines=deadlines_of(options.deadlines, JOINING),
        isolation=options.isolation,
        rank=role.rank,
    )
    require_room_for([deployment], fresh=how.fresh, rank=how.rank)
    shows = options.format == "text"
    with (
        run_folder(role) as folder,
        recorded(folder, sys.argv[1:], CASE, deployment) as ended,
    ):
        if data:
            copy = folder.case(CASE).program
            write_bytes(copy, data)
            program = replace(program, copy=str(copy))
        checked = interruptible(_check(program, deployment, folder, how, show=shows))
        texts = {str(Path(program.name).absolute()): text} if data else {}
        found = chosen(checked.findings, _codes(options.select), _codes(options.ignore), texts)
        _show(found, checked, options.format, output, deployment)
        by_itself = checked.program.code != 0 and not checked.findings
        status = OK
        if by_itself:
            status = FAILED_BY_ITSELF
        elif any(finding.about.level != NOTE for finding in found):
            status = UNEXPECTED
        elif checked.incomplete:
            status = INCOMPLETE
        codes = ", ".join(dict.fromkeys(finding.about.code for finding in found))
        ended(status, checked.program.cause or f"found {codes}" * bool(found))
        if by_itself:
            complain(f"{checked.program.cause}; logs: {folder.case(CASE).path}")
    return status


def _data_of(program: Program) -> bytes:
    """The program's text, read once before the program runs; empty for a module."""
    return b"" if program.is_module else Path(program.name).read_bytes()


def _text_of(data: bytes) -> str:
    return data.decode(errors="replace")


async def _check(
    program: Program, deployment: Deployment, folder: RunFolder, options: Options, *, show: bool
) -> Checked:
    choice = Choice(cure="use --strategy mirrored --replicas R for one process of R replicas")
    place = own_code_place(
        RUN_CHECKED.module, deployment, folder, CASE, options, show=show, choice=choice
    )
    async with place as bench:
        return await check_program(bench, program, options.deadlines)


def _show(
    found: list[Finding], checked: Checked, how: str, output: Path | None, deployment: Deployment
) -> None:
    if how == "text":
        lines = [line for finding in found for line in [*describe(finding), ""]]
        lines += checked.incomplete
        seconds = checked.program.seconds
        failed = checked.program.code != 0 and not checked.findings
        said = count(found) + " until the program failed by itself" * failed
        if failed and checked.prevented:
            said = "nothing was checked"
        lines.append(
            f"{said} on {deployment} in {seconds:.1f} s,"
            f" {checked.watching:.1f} s of them for watching"
        )
        text = "\n".join(lines) + "\n"
    else:
        text = _FORMATS[how](found, checked.incomplete)
    lost: LaunchError | None = None
    if output:
        try:
            write_to("output", output, text)
        except LaunchError as problem:
            lost = problem
    if lost or not output:
        if how == "text":
            for line in text.splitlines():
                show_line(line)
        else:
            # A tool reads the same bytes here as from the file that --output writes.
            write_utf8(text.encode("utf-8", "backslashreplace"))
    if lost:
        # The findings are shown above, even where the file cannot be written.
        raise lost


def _deployment(options: CheckOptions, text: str, role: Role) -> Deployment:
    """The deployment that the options ask for, or that the program's text suggests."""
    strategy = options.strategy
    if strategy is None:
        several = bool(_SEVERAL_WORKERS.search(text)) or (options.workers or 1) > 1
        several = several or role.rank is not None
        strategy = "multi_worker_mirrored" if several else "mirrored"
    require_at_least_one(options.workers, options.replicas)
    if strategy == "mirrored":
        if (options.workers or 1) > 1 and not role.rank:
            raise UsageError("--workers: mirrored runs in one process")
        return Deployment(strategy, Cluster(1, options.replicas or 2))
    return Deployment(
        strategy, Cluster(workers_of(options.workers, role) or 2, options.replicas or 1)
    )


def _codes(given: tuple[str, ...]) -> list[str]:
    return [code.strip() for each in given for code in each.split(",") if code.strip()]
