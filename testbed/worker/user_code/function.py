"""Calls one function in a worker, and reports its result."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

from testbed.launcher.server.channel import Channel
from testbed.launcher.server.import_path import set_path
from testbed.orders.own_code import (
    RUN_FUNCTION,
    FunctionFailure,
    FunctionName,
    FunctionOrders,
    FunctionReport,
)
from testbed.verdict.values import NoValueError, decode, encode
from testbed.worker.user_code.own_code import (
    in_a_line,
    make_main,
    own_code,
    report_and_leave,
    shown,
)
from testbed.worker.user_code.steps import counting_steps

# A script may launch one of its functions. Workers run that script under this name, so that code
# behind `if __name__ == "__main__"` does not run.
MAIN = "__testbed_main__"


@RUN_FUNCTION.implementation
def run_function(orders: FunctionOrders, channel: Channel) -> None:
    """Call a function in a worker."""
    with own_code(orders.setup, channel) as details, counting_steps(details):
        report = _outcome(orders)
    report_and_leave(orders.setup, channel, report, good=report.failure is None)


def _outcome(orders: FunctionOrders) -> FunctionReport:
    try:
        returned = _call(orders)
    except SystemExit:
        # Neither a result nor an error: the launching process reports a worker that ended.
        raise
    except BaseException as problem:
        trace = shown(problem)
        print(trace, end="", file=sys.stderr)
        return FunctionReport(failure=FunctionFailure(in_a_line(problem), trace))
    try:
        return FunctionReport(encode(returned, "result"))
    except NoValueError as problem:
        return FunctionReport(failure=FunctionFailure(str(problem)))


def _call(orders: FunctionOrders) -> Any:
    set_path(orders.path)
    sys.argv = [*orders.argv]
    function = _find(orders.function)
    arguments = json.loads(Path(orders.arguments).read_text(encoding="utf-8"))
    return function(*decode(arguments["args"]), **decode(arguments["kwargs"]))


def _find(function: FunctionName) -> Any:
    if function.script:
        make_main(function.script, MAIN)
    found: Any = importlib.import_module(function.module or MAIN)
    for part in function.name.split("."):
        found = getattr(found, part)
    return found
