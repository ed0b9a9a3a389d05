"""What can be typed."""

from __future__ import annotations

import argparse
import sys
from typing import NoReturn

from testbed import __version__
from testbed.cli.options.own_code import add_check, add_launch
from testbed.cli.options.records import add_bench, add_report
from testbed.cli.options.scenarios import EPILOG, add_chaos, add_run
from testbed.engines import ENVIRONMENT
from testbed.errors import WRONG_COMMAND
from testbed.terminal import complain


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, and where to read what is valid."""

    def error(self, message: str) -> NoReturn:
        complain(f"{message} ({self.prog} --help)")
        sys.exit(WRONG_COMMAND)


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    whole = _Parser(
        prog="testbed",
        description="Finds out which ways of sharing TensorFlow objects survive tf.distribute.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=EPILOG,
    )
    whole.add_argument("--version", action="version", version=f"testbed {__version__}")
    commands = whole.add_subparsers(
        dest="command", required=True, metavar="COMMAND", parser_class=_Parser
    )
    listing = commands.add_parser("list", help="the scenarios: what each claims, where it breaks")
    listing.add_argument("patterns", nargs="*", metavar="NAME", help="as for testbed run")
    listing.add_argument(
        "--markdown", action="store_true", help="as the table in scenarios/README.md"
    )
    listing.add_argument("--write", metavar="FILE", help="replace the table in a page like that")
    add_run(commands.add_parser("run", help="run scenarios and compare with what they expect"))
    add_run(
        commands.add_parser(
            "worker", help="run them as one worker of a cluster that somebody else has started"
        ),
        ENVIRONMENT,
    )
    add_report(
        commands.add_parser("report", help="show a recorded run or benchmark, or compare two")
    )
    add_bench(commands.add_parser("bench", help="what sharing, scaling and the testbed cost"))
    add_launch(
        commands.add_parser("launch", help="run your own program as a cluster on this machine")
    )
    add_check(
        commands.add_parser("check", help="whether your own program is right under replication")
    )
    explain = commands.add_parser("explain", help="what a code of testbed check means")
    explain.add_argument("code", nargs="?", metavar="CODE", help="like TB101; without, all codes")
    add_chaos(commands.add_parser("chaos", help="kill, stop or cut off workers; what recovers"))
    doctor = commands.add_parser(
        "doctor", help="versions, devices and leftovers; what to do about each"
    )
    doctor.add_argument(
        "--end", metavar="RUN", help="end what is left of that run, or of all; look at nothing else"
    )
    return whole
