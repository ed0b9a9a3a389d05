"""The names of reports: a test's node id, and behind it the worker that it is of.

pytest-xdist lets a process report nothing but the ids of its items, so there a report carries its
worker's number, and gets its name in the process that shows it.
"""

from __future__ import annotations

import re

import pytest

_WORKER = re.compile(r"\[worker \d+\]$")

OF_TEST = "testbed_test"
"""The attribute of a report that holds the node id of its test."""
OF_WORKER = "testbed_worker"
"""That which holds the worker's number, until the report has its name."""


def without_worker(name: str) -> str:
    """The test of a report's name, or of what is typed after one: `test_x[worker 1]`'s `test_x`."""
    return _WORKER.sub("", name)


def give_name(report: pytest.TestReport) -> None:
    """Give a report of one worker of several its name."""
    worker = report.__dict__.pop(OF_WORKER, None)
    if worker is None:
        return
    suffix = f"[worker {worker}]"
    file, line, name = report.location
    report.nodeid += suffix
    report.location = file, line, name + suffix
