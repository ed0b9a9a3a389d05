"""Names the reports of workers: the node id of the test, followed by the worker.

A process of pytest-xdist may only report ids of its items. There a report carries the number of its
worker, and gets its name in the process that shows it.
"""

from __future__ import annotations

import re

import pytest

_WORKER = re.compile(r"\[worker \d+\]$")

OF_TEST = "testbed_test"
"""The attribute of a report that holds the node id of its test."""
OF_WORKER = "testbed_worker"
"""The attribute of a report that holds the number of its worker, until the report has its name."""


def without_worker(name: str) -> str:
    """The name of a test from that of a report: `test_x` from `test_x[worker 1]`."""
    return _WORKER.sub("", name)


def give_name(report: pytest.TestReport) -> None:
    """Append the worker to the name of a report, where the test has several workers."""
    worker = report.__dict__.pop(OF_WORKER, None)
    if worker is None:
        return
    suffix = f"[worker {worker}]"
    file, line, name = report.location
    report.nodeid += suffix
    report.location = file, line, name + suffix
