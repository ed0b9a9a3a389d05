"""The request of `testbed check`: the program to check and how, from the options of the command."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from testbed.check.judge import chosen
from testbed.check.result import CheckResult
from testbed.check.run import Checked, check_program
from testbed.cli.options.check import CheckOptions
from testbed.cluster.cluster import Cluster
from testbed.cluster.strategies import MIRRORED, MULTI_WORKER_MIRRORED, Deployment
from testbed.errors import UsageError
from testbed.hosts.role import Role
from testbed.launcher.run_folder import RunFolder, write_bytes
from testbed.orders.own_code import RUN_CHECKED
from testbed.run.numbers import require_at_least
from testbed.run.program_request import ProgramRequest, program_of, program_request
from testbed.run.user_code.cluster_choice import Choice

CASE = "check"
"""The folder of the program's logs within the run folder."""

_SEVERAL_WORKERS = re.compile(r"MultiWorkerMirroredStrategy|TF_CONFIG")


@dataclass(frozen=True)
class CheckRequest:
    """A program to check, its cluster, how to run it, and the findings to show."""

    run: ProgramRequest
    data: bytes
    """The program's text, read once before it runs; empty for a module."""
    select: tuple[str, ...]
    """Beginnings of the codes to show; empty: all."""
    ignore: tuple[str, ...]

    @property
    def _texts(self) -> dict[str, str]:
        """The text of the program by its path, as it is when it runs."""
        name = self.run.program.name
        return {str(Path(name).absolute()): _text(self.data)} if self.data else {}

    async def check(self, folder: RunFolder, *, show: bool) -> Checked:
        """Run the program in every worker, watch it and judge it.

        Args:
            folder: the run folder; a copy of the program is put there, and runs.
            show: whether to show the output of the workers.
        """
        program = self.run.program
        if self.data:
            copy = folder.case(CASE).program
            write_bytes(copy, self.data)
            program = replace(program, copy=str(copy))
        async with self.run.cluster(folder, RUN_CHECKED.module, CASE, show=show) as cluster:
            return await check_program(cluster, program, self.run.options.deadlines)

    def result_of(self, checked: Checked) -> CheckResult:
        """The result to show: the findings that the options ask for."""
        end = checked.program
        return CheckResult(
            chosen(checked.findings, self.select, self.ignore, self._texts),
            checked.incomplete,
            f"on {self.run.deployment} in {end.seconds:.1f} s, {checked.watching:.1f} s of them for"
            " watching",
            "" if checked.findings or not end.code else end.cause or f"exit code {end.code}",
            checked.prevented,
        )


def request_of(options: CheckOptions, role: Role) -> CheckRequest:
    """The request that the options describe.

    Raises:
        UsageError: the command cannot be carried out as written.
    """
    program = program_of(options.program, "check")
    data = b"" if program.is_module else Path(program.name).read_bytes()
    deployment = _deployment(options, _text(data), role)
    choice = Choice(cure="use --strategy mirrored --replicas R for one process of R replicas")
    return CheckRequest(
        program_request(options, role, program, deployment, choice, device="cpu"),
        data,
        _codes(options.select),
        _codes(options.ignore),
    )


def _text(data: bytes) -> str:
    return data.decode(errors="replace")


def _deployment(options: CheckOptions, text: str, role: Role) -> Deployment:
    """The deployment that the options ask for, or that the program's text suggests."""
    strategy = options.strategy
    if strategy is None:
        several = bool(_SEVERAL_WORKERS.search(text)) or (options.workers or 1) > 1
        several = several or role.rank is not None
        strategy = MULTI_WORKER_MIRRORED if several else MIRRORED
    require_at_least(1, workers=options.workers, replicas=options.replicas)
    if strategy == MIRRORED:
        if (options.workers or 1) > 1 and not role.rank:
            raise UsageError(f"--workers: {MIRRORED} runs in one process")
        return Deployment(strategy, Cluster(1, options.replicas or 2))
    workers = role.workers(options.workers) or 2
    return Deployment(strategy, Cluster(workers, options.replicas or 1))


def _codes(given: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(code.strip() for each in given for code in each.split(",") if code.strip())
