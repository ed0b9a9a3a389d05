"""The command line: what can be typed, and which command answers."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import sys
from collections.abc import Sequence
from typing import NoReturn

from testbed import __version__
from testbed.errors import LaunchError, UsageError

OK, UNEXPECTED, WRONG_COMMAND, INTERRUPTED = 0, 1, 2, 130

_EPILOG = """exit status:
  0  every case showed what its scenario expects
  1  something unexpected was seen, or could not be judged
  2  the command was wrong, or a script could not be read
  130  interrupted
"""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, and where to read what is valid."""

    def error(self, message: str) -> NoReturn:
        print(f"testbed: {message} ({self.prog} --help)", file=sys.stderr)
        sys.exit(WRONG_COMMAND)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "run" and not options.python:
            require_tensorflow()
        command = importlib.import_module(f"testbed.commands.{options.command}")
        status: int = command.main(options)
    except (UsageError, LaunchError) as problem:
        print(f"testbed: {problem}", file=sys.stderr)
        return WRONG_COMMAND if isinstance(problem, UsageError) else UNEXPECTED
    except KeyboardInterrupt:
        print("testbed: interrupted; all workers are ended", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has left (`testbed list | head`): nothing more to say.
        sys.stderr.close()
        return OK
    return status


def require_tensorflow() -> None:
    """Check that workers will find TensorFlow, without importing it here.

    Raises:
        UsageError: they will not.
    """
    if importlib.util.find_spec("tensorflow") is None:
        raise UsageError(
            f"no TensorFlow in this Python ({sys.executable});"
            " install it there: python -m pip install 'tensorflow>=2.21,<2.22'"
        )


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="testbed",
        description="Finds out which ways of sharing TensorFlow objects survive tf.distribute.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=_EPILOG,
    )
    parser.add_argument("--version", action="version", version=f"testbed {__version__}")
    commands = parser.add_subparsers(
        dest="command", required=True, metavar="COMMAND", parser_class=_Parser
    )
    listing = commands.add_parser("list", help="the scenarios: what each claims, where it breaks")
    listing.add_argument("patterns", nargs="*", metavar="NAME", help="as for testbed run")
    listing.add_argument(
        "--markdown", action="store_true", help="as the table in scenarios/README.md"
    )
    listing.add_argument("--write", metavar="FILE", help="replace the table in a page like that")
    _add_run(commands.add_parser("run", help="run scenarios and compare with what they expect"))
    commands.add_parser("doctor", help="versions, devices and leftovers; what to do about each")
    return parser


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EPILOG
    parser.add_argument(
        "patterns",
        nargs="*",
        metavar="NAME",
        help="script (module_global), scenario (module_global.counter), case id, a pattern of"
        " these with * and ?, or a script's path; default: all",
    )
    what = parser.add_argument_group("what is run")
    what.add_argument(
        "--strategy",
        action="append",
        help="default, one_device, mirrored, multi_worker_mirrored, central_storage or"
        " parameter_server; may be repeated",
    )
    what.add_argument("--workers", type=int, metavar="W", help="workers of multi_worker_mirrored")
    what.add_argument("--replicas", type=int, metavar="R", help="replicas of each worker")
    what.add_argument(
        "--mode", action="append", help="eager, function or compiled; may be repeated"
    )
    how = parser.add_argument_group("how")
    how.add_argument(
        "--device",
        default="cpu",
        choices=("cpu", "gpu", "split-gpu"),
        help="cpu: logical CPU devices (default); gpu: this machine's GPUs; split-gpu: one GPU"
        " divided into logical ones",
    )
    how.add_argument(
        "--python", metavar="PATH", help="run the workers in that interpreter, with its TensorFlow"
    )
    how.add_argument("-j", "--jobs", type=int, metavar="N", help="cases side by side")
    how.add_argument("--fresh", action="store_true", help="a new interpreter for every worker")
    how.add_argument(
        "--start-timeout", type=float, default=60.0, metavar="S",
        help="seconds until every worker of a case has joined (default 60)",
    )  # fmt: skip
    how.add_argument(
        "--timeout", type=float, default=60.0, metavar="S",
        help="seconds from then until every worker has reported (default 60)",
    )  # fmt: skip
    shown = parser.add_argument_group("what is shown")
    shown.add_argument("--json", metavar="FILE", help="write the whole result there, too")
    shown.add_argument(
        "-v", "--verbose", action="store_true", help="every reading, and the workers' output, live"
    )
