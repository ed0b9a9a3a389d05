"""`testbed bench`: measure, show the tables, write the record, draw the plots."""

from __future__ import annotations

import sys
from dataclasses import replace

from testbed.bench.compare import compare
from testbed.bench.files import write_plots
from testbed.bench.programs.sizes import HEADS
from testbed.bench.record import BenchRecord
from testbed.bench.request import OWN_COST, PARTS, QUICK, THOROUGH, BenchRequest
from testbed.bench.run import bench
from testbed.bench.show.console import show_bench, show_comparison
from testbed.bench.show.page import bench_data
from testbed.bench.show.plots import require_matplotlib
from testbed.bench.show.progress import BenchProgress
from testbed.cli.commands.run import run_folder, workers_of
from testbed.cli.options.bench import BenchOptions
from testbed.cluster.cluster import Cluster
from testbed.cluster.strategies import Deployment
from testbed.errors import OK, UNEXPECTED, LaunchError, UsageError
from testbed.hosts.role import Role
from testbed.launcher.run_folder import json_text
from testbed.report.formats.destinations import all_destinations, folder_destination
from testbed.report.formats.page import page_of
from testbed.report.formats.text import console, show_files
from testbed.report.formats.written import RECORD, Texts, write_all
from testbed.report.records.files import read_record
from testbed.run.room import require_room_for
from testbed.signals import interruptible
from testbed.terminal import complain


def require_valid(options: BenchOptions, role: Role) -> None:
    """Reject options that `main` would reject, before a job waits in a queue."""
    _request(options, role)


def main(options: BenchOptions, role: Role) -> int:
    """Run the benchmark that the options describe, and return the exit status."""
    request = _request(options, role)
    # Without --workers or --replicas the largest cluster has at most 8 of them.
    largest = Cluster(request.workers or 1, request.replicas or 1)
    require_room_for([Deployment("multi_worker_mirrored", largest)], rank=request.rank)
    wanted = all_destinations(json=options.json, html=options.html)
    plots = folder_destination("--plots", options.plots)
    if plots:
        require_matplotlib()
    old = read_record(options.against, BenchRecord) if options.against else None
    shown = console()
    with run_folder(role) as folder:
        with BenchProgress(shown) as progress:
            record = interruptible(bench(request, folder, progress, sys.argv[1:]))
        # Show the result before writing files: a full disk must not lose it.
        show_bench(record, shown)
        files, lost = write_all(_texts_of(record), {RECORD: folder.record, **wanted})
    if plots:
        try:
            files |= write_plots(record, plots, options.format)
        except LaunchError as problem:
            lost.append(problem)
    show_files(files)
    for each in lost:
        complain(each)
    status = UNEXPECTED if lost else OK
    if old is None:
        return status
    comparison = compare(old, record, options.tolerance / 100)
    show_comparison(comparison, shown)
    return UNEXPECTED if comparison.slower else status


def _texts_of(record: BenchRecord) -> Texts:
    return {
        RECORD: lambda: json_text(record.to_json()),
        "json": lambda: json_text(record.to_json()),
        "html": lambda: page_of(None, bench=bench_data(record)),
    }


def _request(options: BenchOptions, role: Role) -> BenchRequest:
    unknown = sorted(set(options.parts) - set(PARTS))
    if unknown:
        raise UsageError(f"unknown part '{unknown[0]}': choose from {', '.join(PARTS)}")
    for name in ("rounds", "batch", "width", "image"):
        number = getattr(options, name)
        if number is not None and number < 1:
            raise UsageError(f"--{name} {number}: at least 1")
    for name in ("workers", "replicas", "tolerance"):
        number = getattr(options, name)
        if number < 0:
            raise UsageError(f"--{name} {number:g}: not below 0")
    if options.width % HEADS:
        raise UsageError(f"--width {options.width}: a multiple of {HEADS}, the attention's heads")
    # The cost of the testbed is measured relative to the same machine without the testbed.
    elsewhere = {OWN_COST} if role.rank else set()
    if elsewhere & set(options.parts):
        raise UsageError(f"{OWN_COST} measures one machine: run it without --engine")
    effort = QUICK if options.quick else THOROUGH
    return BenchRequest(
        parts=tuple(options.parts) or tuple(each for each in PARTS if each not in elsewhere),
        effort=replace(effort, rounds=options.rounds or effort.rounds),
        quick=options.quick,
        device=options.device,
        sizes={"batch": options.batch, "width": options.width, "image": options.image},
        isolation=options.isolation,
        rank=role.rank,
        workers=workers_of(options.workers, role) or 0,
        replicas=options.replicas,
    )
