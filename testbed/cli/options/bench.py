"""Options of `testbed bench`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from testbed.cli.declarations.command_words import SLOW, CommandWords, LeadingWords
from testbed.cli.declarations.engine import EngineOptions, engine_group
from testbed.cli.declarations.model import argument, group, option, switch
from testbed.cli.declarations.shared import (
    HOW,
    SHOWN,
    ProgramOptions,
    device_option,
    isolation_option,
    python_option,
    result_options,
)
from testbed.report.formats.registry import BENCH, PROGRAM_BENCH, WantedFile

AGAINST = "comparison with an older record"

OWN_COST = "own_cost"
PARTS = {
    "sharing": "what each way of sharing costs, made outside the scope and in it",
    "scaling": "how steps scale with replicas and workers",
    "wire": "what collectives carry, by size",
    OWN_COST: "what the testbed itself costs: start-up, and its steps beside a bare loop",
}
"""The parts of the benchmark without a program."""


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
        "PART", nargs="*", help=f"without a program: {', '.join(PARTS)}; default: all of them"
    )
    program: ProgramOptions = group(ProgramOptions)
    quick: bool = switch("--quick", title=HOW, help="few rounds, within about a minute")
    rounds: int | None = option(
        "--rounds",
        kind=int,
        metavar="N",
        title=HOW,
        help="default 10, for a program 6; with --quick 3",
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
    files: tuple[WantedFile, ...] = result_options(BENCH, PROGRAM_BENCH)
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

    @property
    def has_program(self) -> bool:
        """Whether a program is to be taken apart."""
        return bool(self.program.script or self.program.module)


COMMAND = CommandWords(
    "bench",
    SLOW,
    "why your program is not faster on several replicas; what sharing and collectives cost",
    "Take your own program apart: how it scales, where a step goes, and what to change first."
    " Without a program, measure what sharing, scaling, collectives and the testbed cost.",
    ("bench train.py", "bench scaling --replicas 4 --json bench.json"),
    BenchOptions,
    "[OPTION ...] (SCRIPT | -m MODULE) [ARGUMENT ...]\n"
    "       testbed bench [OPTION ...] [PART ...]",
    leading=LeadingWords(tuple(PARTS), "parts", "program.script"),
)
