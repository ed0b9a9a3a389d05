"""Calls one function in a worker, and reports its result."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

from testbed.launcher.server.channel import Channel
from testbed.launcher.server.import_path import set_path
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


def run_function(orders: dict[str, Any], channel: Channel) -> None:
    """The entry of a worker that calls a function.

    Orders: `module`, or `script`, the path of one; `name`, its dotted name there; `path` (of
    modules); `argv`; `arguments` (the file that holds them); `report`, and those of `own_code`.
    """
    with own_code(orders, channel) as details, counting_steps(details):
        report = _outcome(orders)
    report_and_leave(orders, channel, report, good="result" in report)


def _outcome(orders: dict[str, Any]) -> dict[str, Any]:
    """The outcome: `result`, or `raised` (one line) and `traceback`."""
    try:
        returned = _call(orders)
    except SystemExit:
        # Neither a result nor an error: the launching process reports a worker that ended.
        raise
    except BaseException as problem:
        trace = shown(problem)
        print(trace, end="", file=sys.stderr)
        return {"raised": in_a_line(problem), "traceback": trace}
    try:
        return {"result": encode(returned, "result")}
    except NoValueError as problem:
        return {"raised": str(problem), "traceback": ""}


def _call(orders: dict[str, Any]) -> Any:
    set_path(orders["path"])
    sys.argv = orders["argv"]
    function = _find(orders)
    arguments = json.loads(Path(orders["arguments"]).read_text(encoding="utf-8"))
    return function(*decode(arguments["args"]), **decode(arguments["kwargs"]))


def _find(orders: dict[str, Any]) -> Any:
    if orders["script"]:
        make_main(orders["script"], MAIN)
    found: Any = importlib.import_module(orders["module"] or MAIN)
    for part in orders["name"].split("."):
        found = getattr(found, part)
    return found
