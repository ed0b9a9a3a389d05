"""Options of the commands that run somebody's own program: launch, check."""

from __future__ import annotations

import argparse

from testbed.cli.options.engine import add_engine
from testbed.cli.options.shared import add_isolation, add_own_deadlines, add_program

_LAUNCH_EPILOG = """exit status:
  0  every worker ended with 0
  N  a worker ended with N, as python would: the first that failed decides; 128 + S by signal S
  124  the time was over
  2  the command was wrong
  130  interrupted
"""

_CHECK_EPILOG = """exit status:
  0  nothing found
  1  findings: errors (the result is wrong) or warnings (it works by luck)
  2  the command was wrong
  3  the program failed by itself, or its own TF_CONFIG kept the workers apart
  130  interrupted
"""


def add_launch(parser: argparse.ArgumentParser) -> None:
    """`testbed launch`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.usage = "testbed launch [OPTION ...] (SCRIPT | -m MODULE) [ARGUMENT ...]"
    parser.epilog = _LAUNCH_EPILOG
    add_program(parser)
    parser.add_argument(
        "--workers", type=int, metavar="W",
        help="default: 1 if the program makes MirroredStrategy or no strategy, otherwise 2",
    )  # fmt: skip
    parser.add_argument(
        "--replicas", type=int, metavar="R",
        help="devices of each worker (default 1; 2 CPUs if --workers is not given and 1 suffices)",
    )  # fmt: skip
    parser.add_argument(
        "--device", default="cpu", choices=("cpu", "gpu", "split-gpu"), help="as for testbed run"
    )
    parser.add_argument("--fresh", action="store_true", help="a new interpreter for every worker")
    add_own_deadlines(parser)
    add_isolation(parser)
    add_engine(parser)


def add_check(parser: argparse.ArgumentParser) -> None:
    """`testbed check`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.usage = "testbed check [OPTION ...] (SCRIPT | -m MODULE) [ARGUMENT ...]"
    parser.epilog = _CHECK_EPILOG
    add_program(parser)
    what = parser.add_argument_group("what it runs on")
    what.add_argument(
        "--strategy",
        choices=("mirrored", "multi_worker_mirrored"),
        help="default: what the script's text names",
    )
    what.add_argument("--workers", type=int, metavar="W", help="default 2, of several")
    what.add_argument(
        "--replicas", type=int, metavar="R", help="of each worker (default 2 of one, 1 of several)"
    )
    what.add_argument("--fresh", action="store_true", help="a new interpreter for every worker")
    add_own_deadlines(parser)
    add_isolation(parser)
    shown = parser.add_argument_group("what is shown")
    shown.add_argument(
        "--format", default="text", choices=("text", "json", "sarif", "github"),
        help="for people (default), tools, code-scanning pages, GitHub's annotations",
    )  # fmt: skip
    shown.add_argument("--output", metavar="FILE", help="write it there instead")
    shown.add_argument(
        "--select", action="append", metavar="CODE", help="only these, as TB1 or TB101,TB201"
    )
    shown.add_argument("--ignore", action="append", metavar="CODE", help="not these")
    add_engine(parser)
