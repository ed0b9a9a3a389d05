"""The request of `testbed check`: the program to check and how, from the options of the command."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from testbed.check.deployment import wanted
from testbed.check.judge import chosen
from testbed.check.result import CheckResult
from testbed.check.run import Checked, check_program
from testbed.cli.options.check import CheckOptions
from testbed.cluster.strategies import MIRRORED
from testbed.hosts.role import Role
from testbed.launcher.run_folder import RunFolder, write_bytes
from testbed.orders.own_code import RUN_CHECKED, Program
from testbed.run.numbers import require_at_least
from testbed.run.program_request import ProgramRequest, program_of, program_request
from testbed.run.user_code.program import TIME_IS_OVER

CASE = "check"
"""The folder of the program's logs within the run folder."""


@dataclass(frozen=True)
class CheckRequest:
    """A program to check, its cluster, how to run it, and the findings to show."""

    run: ProgramRequest
    data: bytes
    """The program's text, read once before it runs; empty for a module."""
    select: tuple[str, ...]
    """Beginnings of the codes to show; empty: all."""
    ignore: tuple[str, ...]
    parity: bool = True
    """Whether to compare the first steps with those on one replica."""

    @property
    def _texts(self) -> dict[str, str]:
        """The text of the program by its path, as it is when it runs."""
        name = self.run.program.name
        return {str(Path(name).absolute()): self.data.decode(errors="replace")} if self.data else {}

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
            deadlines = self.run.options.deadlines
            return await check_program(cluster, program, deadlines, parity=self.parity)

    def result_of(self, checked: Checked) -> CheckResult:
        """The result to show: the findings that the options ask for."""
        end = checked.program
        on = f"on {checked.where} " if checked.where else ""
        return CheckResult(
            chosen(checked.findings, self.select, self.ignore, self._texts),
            checked.incomplete,
            f"{on}in {end.seconds:.1f} s, {checked.watching:.1f} s of them for watching",
            "" if checked.findings or not end.code else end.cause or f"exit code {end.code}",
            end.code == TIME_IS_OVER,
            checked.prevented,
            checked.unchecked,
            _file_of(self.run.program),
            self._texts,
            checked.compared,
            checked.seeds,
            checked.blind,
        )


def request_of(options: CheckOptions, role: Role) -> CheckRequest:
    """The request that the options describe.

    Raises:
        UsageError: the command cannot be carried out as written.
    """
    program = program_of(options.program, "check")
    data = b"" if program.is_module else Path(program.name).read_bytes()
    require_at_least(1, workers=options.workers, replicas=options.replicas)
    # On an engine, mirrored runs in a part of its workers.
    alone = options.strategy == MIRRORED and role.rank
    workers = 1 if alone else role.workers(options.workers)
    deployment, choice = wanted(options.strategy, workers, options.replicas)
    return CheckRequest(
        program_request(options, role, program, deployment, choice, device="cpu"),
        data,
        _codes(options.select),
        _codes(options.ignore),
        not (options.no_parity or role.rank),
    )


def _file_of(program: Program) -> str:
    if not program.is_module:
        return program.name
    path = program.name.replace(".", "/")
    return f"{path}/__main__.py" if Path(path).is_dir() else f"{path}.py"


def _codes(given: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(code.strip() for each in given for code in each.split(",") if code.strip())
