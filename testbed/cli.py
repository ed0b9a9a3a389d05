"""The command line: what can be typed, and which command answers."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import math
import sys
from collections.abc import Sequence
from typing import NoReturn

from testbed import __version__
from testbed.errors import LaunchError, UsageError
from testbed.streams import complain, lost, prepare

OK, UNEXPECTED, WRONG_COMMAND, INTERRUPTED = 0, 1, 2, 130

_EPILOG = """exit status:
  0  every case showed what its scenario expects
  1  something unexpected was seen, or could not be judged
  2  the command was wrong, or a script could not be read
  130  interrupted
"""


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
  3  the program failed by itself
  130  interrupted
"""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, and where to read what is valid."""

    def error(self, message: str) -> NoReturn:
        complain(f"{message} ({self.prog} --help)")
        sys.exit(WRONG_COMMAND)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status."""
    prepare()
    options = _parser().parse_args(arguments)
    try:
        if options.command == "run" and not options.python:
            require_tensorflow()
        command = importlib.import_module(f"testbed.commands.{options.command}")
        status: int = command.main(options)
    except (UsageError, LaunchError) as problem:
        complain(problem)
        return WRONG_COMMAND if isinstance(problem, UsageError) else UNEXPECTED
    except KeyboardInterrupt:
        complain("interrupted; all workers are ended")
        return INTERRUPTED
    except OSError as problem:
        # A file that it names is the machine's matter: no space, read-only, removed meanwhile.
        if problem.filename is None:
            raise
        complain(f"{problem.filename}: {problem.strerror}")
        return UNEXPECTED
    if why := lost():
        complain(f"the output is not complete: {why}")
        return status or UNEXPECTED
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
    _add_report(
        commands.add_parser("report", help="show a recorded run or benchmark, or compare two")
    )
    _add_bench(commands.add_parser("bench", help="what sharing, scaling and the testbed cost"))
    _add_launch(
        commands.add_parser("launch", help="run your own program as a cluster on this machine")
    )
    _add_check(
        commands.add_parser("check", help="whether your own program is right under replication")
    )
    explain = commands.add_parser("explain", help="what a code of testbed check means")
    explain.add_argument("code", nargs="?", metavar="CODE", help="like TB101; without, all codes")
    _add_chaos(commands.add_parser("chaos", help="kill, stop or cut off workers; what recovers"))
    doctor = commands.add_parser(
        "doctor", help="versions, devices and leftovers; what to do about each"
    )
    doctor.add_argument(
        "--end", metavar="RUN", help="end what is left of that run, or of all; look at nothing else"
    )
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
    _add_isolation(how)
    how.add_argument("-j", "--jobs", type=int, metavar="N", help="cases side by side")
    how.add_argument("--fresh", action="store_true", help="a new interpreter for every worker")
    _add_deadlines(how)
    shown = parser.add_argument_group("what is shown")
    shown.add_argument("--json", metavar="FILE", help="write the whole result there, too")
    _add_files(shown)
    shown.add_argument(
        "-v", "--verbose", action="store_true", help="every reading, and the workers' output, live"
    )


def _add_isolation(group: argparse._ActionsContainer) -> None:
    group.add_argument(
        "--isolation",
        default="auto",
        choices=("auto", "required", "none"),
        help="auto: workers in a network and a process namespace of the run's own, where the"
        " kernel allows it (default); required: not without such a network; none: without",
    )


def _add_deadlines(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--start-timeout", type=float, default=60.0, metavar="S",
        help="seconds until every worker of a case has joined (default 60)",
    )  # fmt: skip
    group.add_argument(
        "--timeout", type=float, default=60.0, metavar="S",
        help="seconds from then until every worker has reported (default 60)",
    )  # fmt: skip


def _add_report(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="what --json wrote, of run, bench or chaos, or a run's folder; of two, the later last",
    )
    parser.add_argument("--markdown", action="store_true", help="print a Markdown page")
    _add_files(parser)
    parser.add_argument(
        "--fail-on-change",
        action="store_true",
        help="of two: status 1 where a cell changed, or got slower",
    )


def _add_files(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    parser.add_argument("--html", metavar="PAGE", help="write a page to look at in a browser")
    parser.add_argument("--junit", metavar="FILE", help="write JUnit XML, for CI servers")


def _add_bench(parser: argparse.ArgumentParser) -> None:
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
    _add_isolation(how)
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


_CHAOS_EPILOG = """exit status:
  0  every case came to its end as it does undisturbed; with --fault none, every time
  1  one did not, or not with what it claims, or a fault did not strike
  2  the command was wrong, or a script could not be read
  130  interrupted
"""


def _add_launch(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.usage = "testbed launch [OPTION ...] (SCRIPT | -m MODULE) [ARGUMENT ...]"
    parser.epilog = _LAUNCH_EPILOG
    _add_program(parser)
    parser.add_argument("--workers", type=int, default=2, metavar="W", help="default 2")
    parser.add_argument(
        "--replicas", type=int, default=1, metavar="R", help="devices of each worker (default 1)"
    )
    parser.add_argument(
        "--device", default="cpu", choices=("cpu", "gpu", "split-gpu"), help="as for testbed run"
    )
    parser.add_argument("--fresh", action="store_true", help="a new interpreter for every worker")
    _add_own_deadlines(parser)
    _add_isolation(parser)


def _add_program(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "program", nargs=argparse.REMAINDER, metavar="SCRIPT", help="and its own arguments"
    )
    parser.add_argument(
        "-m", dest="module", nargs=argparse.REMAINDER, metavar="MODULE",
        help="a module instead of a script, and its own arguments",
    )  # fmt: skip


def _add_own_deadlines(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--start-timeout", type=float, default=60.0, metavar="S",
        help="seconds from when the first worker makes its strategy until all have (default 60)",
    )  # fmt: skip
    parser.add_argument(
        "--timeout", type=float, default=math.inf, metavar="S",
        help="seconds until every worker has ended (default: no limit)",
    )  # fmt: skip


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.usage = "testbed check [OPTION ...] (SCRIPT | -m MODULE) [ARGUMENT ...]"
    parser.epilog = _CHECK_EPILOG
    _add_program(parser)
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
    _add_own_deadlines(parser)
    _add_isolation(parser)
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


def _add_chaos(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _CHAOS_EPILOG
    parser.add_argument("patterns", nargs="+", metavar="NAME", help="as for testbed run")
    what = parser.add_argument_group("what is run")
    what.add_argument(
        "--strategy",
        action="append",
        help="multi_worker_mirrored (default) or parameter_server; may be repeated",
    )
    what.add_argument("--workers", type=int, metavar="W", help="at least 2 (default 2)")
    what.add_argument("--replicas", type=int, metavar="R", help="of each worker (default 1)")
    what.add_argument(
        "--mode", action="append", help="eager, function or compiled; may be repeated"
    )
    done = parser.add_argument_group("what is done to it; what is left out is drawn")
    done.add_argument(
        "--fault",
        choices=("kill", "terminate", "stop", "slow", "cut", "absent", "none"),
        help="none: nothing, so that --repeat tells how often it fails by itself",
    )
    done.add_argument("--worker", type=int, metavar="N", help="the worker to which it is done")
    done.add_argument(
        "--at", metavar="PHASE", help="when that worker tells this phase, like 'step 3'"
    )
    done.add_argument(
        "--seconds", type=float, default=20.0, metavar="S",
        help="how long stop, slow and cut last (default 20)",
    )  # fmt: skip
    done.add_argument("--seed", type=int, metavar="S", help="draw the faults that it drew before")
    done.add_argument("--repeat", type=int, default=1, metavar="N", help="so many faults a case")
    done.add_argument(
        "--restarts", type=int, default=1, metavar="N",
        help="how often all workers are started again (default 1)",
    )  # fmt: skip
    how = parser.add_argument_group("how")
    _add_isolation(how)
    _add_deadlines(how)
    shown = parser.add_argument_group("what is shown")
    shown.add_argument("--json", metavar="FILE", help="write the whole record there, too")
    shown.add_argument(
        "-v", "--verbose", action="store_true", help="the workers' phases and output, live"
    )
