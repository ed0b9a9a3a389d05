"""Options of `testbed bench`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from testbed.cli.declarations.command_words import SLOW, CommandWords
from testbed.cli.declarations.engine import EngineOptions, engine_group
from testbed.cli.declarations.model import argument, option, switch
from testbed.cli.declarations.shared import (
    HOW,
    SHOWN,
    device_option,
    isolation_option,
    python_option,
    result_options,
)
from testbed.report.formats.registry import BENCH, WantedFile

AGAINST = "comparison with an older record"


def _size(name: str, default: int, about: str) -> Any:
    return option(
        name,
        kind=int,
        default=default,
        metavar="N",
        title=HOW,
        help=f"{about} (default {default})",
    )


@dataclass(frozen=True)
class BenchOptions:
    """All options of `testbed bench`."""

    parts: tuple[str, ...] = argument(
        "PART", nargs="*", help="sharing, scaling, wire, own_cost; default: all of them"
    )
    quick: bool = switch("--quick", title=HOW, help="few rounds, within about a minute")
    rounds: int | None = option(
        "--rounds", kind=int, metavar="N", title=HOW, help="default 10, with --quick 3"
    )
    device: str = device_option()
    python: str | None = python_option()
    isolation: str = isolation_option()
    workers: int = option(
        "--workers", kind=int, default=0, metavar="W", title=HOW, help="at most this many workers"
    )
    replicas: int = option(
        "--replicas",
        kind=int,
        default=0,
        metavar="R",
        title=HOW,
        help="at most this many replicas per worker",
    )
    batch: int = _size("--batch", 8, "examples per replica in a step of the model")
    width: int = _size("--width", 32, "channels of the model's convolution, size of its attention")
    image: int = _size("--image", 32, "side of the model's images, in pixels")
    against: str | None = option(
        "--against",
        metavar="OLD",
        title=AGAINST,
        help="report what got slower than in that record; status 1 if anything did",
    )
    tolerance: float = option(
        "--tolerance",
        kind=float,
        default=10.0,
        metavar="P",
        title=AGAINST,
        help="percent by which a figure may be slower without a report (default 10)",
    )
    files: tuple[WantedFile, ...] = result_options(BENCH)
    plots: str | None = option(
        "--plots", metavar="FOLDER", title=SHOWN, help="draw plots into that folder"
    )
    format: str = option(
        "--format",
        default="svg",
        choices=("svg", "png"),
        title=SHOWN,
        help="file format of the plots (default svg)",
    )
    engine: EngineOptions = engine_group()


COMMAND = CommandWords(
    "bench",
    SLOW,
    "what sharing, scaling, collectives and the testbed cost",
    "Measure what sharing, scaling, collectives and the testbed cost, as ratios within one run.",
    ("bench --quick", "bench scaling --replicas 4 --json bench.json"),
    BenchOptions,
    "[OPTION ...] [PART ...]",
)
