"""Options of `testbed bench`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from testbed.cli.options.engine import EngineOptions, engine_group
from testbed.cli.options.model import argument, option, switch
from testbed.cli.options.shared import (
    HOW,
    SHOWN,
    device_option,
    html_option,
    isolation_option,
    json_option,
)

AGAINST = "against an older one"


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
    """What `testbed bench` is asked for."""

    parts: tuple[str, ...] = argument(
        "PART", nargs="*", help="sharing, scaling, wire, own_cost; default: all of them"
    )
    quick: bool = switch("--quick", title=HOW, help="few rounds, within about a minute")
    rounds: int | None = option(
        "--rounds", kind=int, metavar="N", title=HOW, help="default 10, with --quick 3"
    )
    device: str = device_option()
    isolation: str = isolation_option()
    workers: int = option(
        "--workers", kind=int, default=0, metavar="W", title=HOW, help="at most so many workers"
    )
    replicas: int = option(
        "--replicas",
        kind=int,
        default=0,
        metavar="R",
        title=HOW,
        help="at most so many replicas of a worker",
    )
    batch: int = _size("--batch", 8, "examples a replica in a step of the model")
    width: int = _size("--width", 32, "channels of the model's convolution, size of its attention")
    image: int = _size("--image", 32, "pixels of a side of the model's images")
    against: str | None = option(
        "--against",
        metavar="OLD",
        title=AGAINST,
        help="say what got slower than in that record; status 1 if any",
    )
    tolerance: float = option(
        "--tolerance",
        kind=float,
        default=10.0,
        metavar="P",
        title=AGAINST,
        help="percent that a figure may be slower without a word (default 10)",
    )
    json: str | None = json_option()
    plots: str | None = option(
        "--plots", metavar="FOLDER", title=SHOWN, help="draw plots into that folder"
    )
    format: str = option(
        "--format",
        default="svg",
        choices=("svg", "png"),
        title=SHOWN,
        help="of the plots (default svg)",
    )
    html: str | None = html_option()
    engine: EngineOptions = engine_group()
