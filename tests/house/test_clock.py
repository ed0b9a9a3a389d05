"""The wall clock may jump, so it is read only where a date is written down."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.house.sources import SCENARIOS, TESTBED, nodes_of, python_files, short

# The file, and which date it writes down.
DATES = {
    "testbed/launcher/run_folder.py": "the id of a run, which people read, and when a record began",
    "testbed/bench/slow/run.py": "since when files have changed, whose dates are of this clock",
    "testbed/worker/timing/step_clock.py": "when a step began, the same for all workers",
    "testbed/worker/timing/profiling.py": "when a profile began, beside the steps of all workers",
}

_WALL = re.compile(
    r"time\.(time|time_ns|ctime|localtime|gmtime|strftime|asctime)"
    r"|datetime\.(now|utcnow|today|fromtimestamp)|date\.today|clock_gettime(_ns)?"
)


def readings_of_the_wall_clock() -> Iterator[str]:
    for path in python_files(TESTBED, SCENARIOS):
        for node in nodes_of(path):
            if isinstance(node, ast.Attribute) and _WALL.search(ast.unparse(node)):
                yield short(path)
            if isinstance(node, ast.ImportFrom) and node.module == "time":
                yield from (
                    short(path) for name in node.names if _WALL.fullmatch(f"time.{name.name}")
                )


def test_durations_are_monotonic() -> None:
    """Nothing but the dates above is taken from a clock that somebody may set."""
    assert set(readings_of_the_wall_clock()) == set(DATES)
