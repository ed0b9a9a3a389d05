"""Options of the commands that run scenarios: run, worker, chaos."""

from __future__ import annotations

import argparse

from testbed.cli.options.engine import add_engine
from testbed.cli.options.shared import add_deadlines, add_files, add_isolation
from testbed.engines import LOCAL

EPILOG = """exit status:
  0  every case showed what its scenario expects
  1  something unexpected was seen, or could not be judged
  2  the command was wrong, or a script could not be read
  130  interrupted
"""

_CHAOS_EPILOG = """exit status:
  0  every case came to its end as it does undisturbed; with --fault none, every time
  1  one did not, or not with what it claims, or a fault did not strike
  2  the command was wrong, or a script could not be read
  130  interrupted
"""


def add_run(parser: argparse.ArgumentParser, engine: str = LOCAL) -> None:
    """`testbed run`, and, with another engine, `testbed worker`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
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
    add_isolation(how)
    how.add_argument("-j", "--jobs", type=int, metavar="N", help="cases side by side")
    how.add_argument("--fresh", action="store_true", help="a new interpreter for every worker")
    add_deadlines(how)
    shown = parser.add_argument_group("what is shown")
    shown.add_argument("--json", metavar="FILE", help="write the whole result there, too")
    add_files(shown)
    shown.add_argument(
        "-v", "--verbose", action="store_true", help="every reading, and the workers' output, live"
    )
    add_engine(parser, engine)


def add_chaos(parser: argparse.ArgumentParser) -> None:
    """`testbed chaos`."""
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
    add_isolation(how)
    add_deadlines(how)
    shown = parser.add_argument_group("what is shown")
    shown.add_argument("--json", metavar="FILE", help="write the whole record there, too")
    shown.add_argument(
        "-v", "--verbose", action="store_true", help="the workers' phases and output, live"
    )
