"""Reads a worker's report, which the user's code may have damaged."""

from __future__ import annotations

import json
from typing import Any

from testbed.launcher.run_folder import CaseFolder
from testbed.launcher.trusted import read_regular

REPORT_LIMIT = 16 * 2**20
"""The limit on one worker's report, in bytes; a case's report has a few thousand."""


class UnreadableReportError(Exception):
    """A worker's report cannot be read; the message names the worker and the reason."""


def read_report(folder: CaseFolder, worker: int) -> Any:
    """Read the report of a worker as JSON.

    Raises:
        UnreadableReportError: it is too long, missing, or not JSON.
    """
    file = folder.report(worker)
    try:
        size = file.stat().st_size
        if size > REPORT_LIMIT:
            raise UnreadableReportError(
                f"worker {worker} reported {size / 2**20:.0f} MiB; at most"
                f" {REPORT_LIMIT // 2**20} MiB: claim or return less"
            )
        return json.loads(read_regular(file, REPORT_LIMIT).decode("utf-8"))
    except OSError as problem:
        raise UnreadableReportError(
            f"worker {worker}'s report is gone: {problem.strerror}"
        ) from problem
    except (ValueError, RecursionError) as problem:
        raise unreadable(folder, worker, problem) from problem


def unreadable(folder: CaseFolder, worker: int, problem: Exception) -> UnreadableReportError:
    """The error for a report with invalid contents."""
    return UnreadableReportError(
        f"worker {worker}'s report cannot be read ({type(problem).__name__}: {problem});"
        f" {folder.report(worker)}"
    )
