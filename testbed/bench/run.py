"""Runs a benchmark: plan, pilots, rounds, rows, doubts."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from testbed.bench.doubts import doubts_of
from testbed.bench.evaluate import outliers_of, rows_of
from testbed.bench.figures.figure import Row, figure
from testbed.bench.host import Host
from testbed.bench.record import BenchRecord
from testbed.bench.request import BenchRequest
from testbed.bench.rounds import Progress, measured
from testbed.launcher.machine.environment import without_secrets
from testbed.launcher.machine.machine import describe_machine, usable_cores
from testbed.launcher.run_folder import RunFolder, utc_now
from testbed.report.records.header import versions_of

# Environment variables that affect the speed of TensorFlow.
_TUNES = re.compile(r"^(TF|XLA|NCCL|OMP|MKL|OPENBLAS|CUDA|NVIDIA|KMP|GRPC)_")


async def bench(
    request: BenchRequest, folder: RunFolder, progress: Progress, command: Sequence[str]
) -> BenchRecord:
    """Run the requested benchmark.

    Raises:
        LaunchError: a set-up cannot be measured here.
        UsageError: the request needs more GPUs than the machine has.
    """
    began, started = utc_now(), time.monotonic()
    host = Host(usable_cores())
    done = await measured(request, folder, progress, host)
    rows = [
        _with_import(row, done.imported) for row in rows_of(done.setups, done.visits, done.request)
    ]
    machine, outliers = describe_machine(), outliers_of(done.visits)
    environment = tuning(os.environ)
    return BenchRecord(
        run=folder.id,
        began=began,
        seconds=round(time.monotonic() - started, 3),
        command=tuple(command),
        device=request.device,
        quick=request.quick,
        rounds=done.request.effort.rounds,
        versions=versions_of(asdict(done.versions)),
        machine=machine,
        environment=environment,
        work=figure(host.work),
        copy_bandwidth=figure(host.copies),
        rows=tuple(rows),
        doubts=tuple(doubts_of(rows, outliers, host, machine.governor, done.request, environment)),
    )


def _with_import(row: Row, seconds: float) -> Row:
    """Add the time of importing TensorFlow, which happens once a run: its figure has one round."""
    if "fork" in row.figures:
        row.figures["import"] = figure([seconds])
    return row


def tuning(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment variables that affect TensorFlow's speed, without secrets."""
    named = {name: value for name, value in environment.items() if _TUNES.match(name)}
    return without_secrets(named)
