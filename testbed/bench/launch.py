"""`python -m testbed.bench.launch`: what starting a case costs.

Three ways in turn, again and again, so that a machine that slows down slows all of them: through
the preloaded server, through a bare fork (the limit), and in fresh interpreters.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from testbed.devices import Devices
from testbed.errors import LaunchError
from testbed.launch.environment import server_environment
from testbed.launch.run_folder import RunFolder, new_run_folder
from testbed.report.console import ConsoleObserver
from testbed.runner import CaseRun, Options, open_server
from testbed.selection import select
from testbed.strategies import deployments

# Named by its path: it imports TensorFlow, and this process must not.
SCRIPT = str(Path(__file__).parent / "programs" / "all_reduce.py")

WAYS = ("preloaded", "bare fork", "fresh")


def main() -> int:
    """Measure, and print the table."""
    options = _options()
    times: dict[tuple[int, str], list[float]] = {}
    with new_run_folder() as folder, _bare_fork(folder) as bare:
        asyncio.run(_measure(options, folder, bare, times))
    _show(options.workers, times)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m testbed.bench.launch", description=__doc__)
    parser.add_argument("--workers", type=int, nargs="+", default=[2, 4, 8], metavar="W")
    parser.add_argument("--rounds", type=int, default=10, metavar="N")
    parser.add_argument(
        "--fresh-rounds", type=int, default=3, metavar="N", help="rounds that take fresh ones too"
    )
    return parser.parse_args()


async def _measure(
    options: argparse.Namespace,
    folder: RunFolder,
    bare: subprocess.Popen[str],
    times: dict[tuple[int, str], list[float]],
) -> None:
    async with open_server(folder, fresh=False) as server:
        quiet = ConsoleObserver(select([SCRIPT], [], None), verbose=False)
        bench = CaseRun(server, Devices(), Options(), folder.case("launch"), quiet)
        # The first launch of each way pays for caches that the others find filled.
        for number in range(-1, options.rounds):
            for workers in options.workers:
                taken = {
                    "preloaded": await _case(bench, workers),
                    "bare fork": _bare(bare, workers),
                }
                if 0 <= number < options.fresh_rounds:
                    fresh = replace(bench, options=Options(fresh=True))
                    taken["fresh"] = await _case(fresh, workers)
                for way, seconds in taken.items():
                    if number >= 0:
                        times.setdefault((workers, way), []).append(seconds)


async def _case(bench: CaseRun, workers: int) -> float:
    """Seconds of one case, from its first port to its verdict."""
    selection = select([SCRIPT], deployments(["multi_worker_mirrored"], workers, 1), None)
    began = time.monotonic()
    verdict = await bench.judge(selection.cases[0], selection)
    if not verdict.as_expected:
        raise LaunchError(f"the benchmark's own case went wrong: {verdict.seen}")
    return time.monotonic() - began


@contextmanager
def _bare_fork(folder: RunFolder) -> Iterator[subprocess.Popen[str]]:
    with (folder.path / "bare_fork.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "testbed.bench.programs.bare_fork"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=server_environment(os.environ),
        )
    try:
        _answer(process)
        yield process
    finally:
        process.kill()
        process.wait()


def _bare(process: subprocess.Popen[str], workers: int) -> float:
    assert process.stdin is not None
    process.stdin.write(f"{workers}\n")
    process.stdin.flush()
    return float(_answer(process)["seconds"])


def _answer(process: subprocess.Popen[str]) -> dict[str, str]:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise LaunchError("the bare fork ended; see bare_fork.log in the newest run folder")
    answer: dict[str, str] = json.loads(line)
    return answer


def _show(counts: Sequence[int], times: dict[tuple[int, str], list[float]]) -> None:
    table = Table(title=f"seconds a launch, median (min-max), {_machine()}")
    for heading in ("workers", *WAYS, "preloaded / bare fork", "fresh / preloaded"):
        table.add_column(heading, justify="right")
    for workers in counts:
        preloaded, bare, fresh = (times.get((workers, way), []) for way in WAYS)
        table.add_row(
            str(workers),
            *(_spread(values) for values in (preloaded, bare, fresh)),
            _ratio(preloaded, bare),
            _ratio(fresh, preloaded),
        )
    Console(width=120).print(table)


def _spread(values: Sequence[float]) -> str:
    if not values:
        return "-"
    return f"{statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


def _ratio(above: Sequence[float], below: Sequence[float]) -> str:
    """The median of the ratios of each round, so that a slow moment counts on both sides."""
    ratios = [one / other for one, other in zip(above, below, strict=False)]
    return f"{statistics.median(ratios):.2f}" if ratios else "-"


def _machine() -> str:
    return f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main())
