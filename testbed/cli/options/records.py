"""Options of the commands that keep and show figures and records: bench, report."""

from __future__ import annotations

import argparse

from testbed.cli.options.engine import add_engine
from testbed.cli.options.shared import add_files, add_isolation


def add_report(parser: argparse.ArgumentParser) -> None:
    """`testbed report`."""
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="what --json wrote, of run, bench or chaos, or a run's folder; of two, the later last",
    )
    parser.add_argument("--markdown", action="store_true", help="print a Markdown page")
    add_files(parser)
    parser.add_argument(
        "--fail-on-change",
        action="store_true",
        help="of two: status 1 where a cell changed, or got slower",
    )


def add_bench(parser: argparse.ArgumentParser) -> None:
    """`testbed bench`."""
    parser.add_argument(
        "parts",
        nargs="*",
        metavar="PART",
        help="sharing, scaling, wire, own_cost; default: all of them",
    )
    how = parser.add_argument_group("how")
    how.add_argument("--quick", action="store_true", help="few rounds, within about a minute")
    how.add_argument("--rounds", type=int, metavar="N", help="default 10, with --quick 3")
    how.add_argument(
        "--device", default="cpu", choices=("cpu", "gpu", "split-gpu"), help="as for testbed run"
    )
    add_isolation(how)
    how.add_argument("--workers", type=int, default=0, metavar="W", help="at most so many workers")
    how.add_argument(
        "--replicas", type=int, default=0, metavar="R", help="at most so many replicas of a worker"
    )
    for name, default, about in (
        ("batch", 8, "examples a replica in a step of the model"),
        ("width", 32, "channels of the model's convolution, and size of its attention"),
        ("image", 32, "pixels of a side of the model's images"),
    ):
        how.add_argument(
            f"--{name}", type=int, default=default, metavar="N", help=f"{about} (default {default})"
        )
    against = parser.add_argument_group("against an older one")
    against.add_argument(
        "--against", metavar="OLD", help="say what got slower than in that record; status 1 if any"
    )
    against.add_argument(
        "--tolerance", type=float, default=10.0, metavar="P",
        help="percent that a figure may be slower without a word (default 10)",
    )  # fmt: skip
    shown = parser.add_argument_group("what is shown")
    shown.add_argument("--json", metavar="FILE", help="write the whole record there, too")
    shown.add_argument("--plots", metavar="FOLDER", help="draw plots into that folder")
    shown.add_argument(
        "--format", default="svg", choices=("svg", "png"), help="of the plots (default svg)"
    )
    shown.add_argument("--html", metavar="PAGE", help="write a page to look at in a browser")
    add_engine(parser)
