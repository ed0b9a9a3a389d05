"""Reads a worker's report, which the user's code may have damaged."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any, TypeVar

from testbed.decoding import decoded
from testbed.launcher.run_folder import CaseFolder
from testbed.launcher.trusted import read_regular

Report = TypeVar("Report")

REPORT_LIMIT = 16 * 2**20
"""The limit on one worker's report, in bytes; a case's report has a few thousand."""


class UnreadableReportError(Exception):
    """A worker's report cannot be read; the message names the worker and the reason."""


def read_report(folder: CaseFolder, worker: int, decode: Callable[[Any], Report]) -> Report:
    """Read the report of a worker, and decode its JSON.

    Raises:
        UnreadableReportError: it is too long, missing, not JSON, or `decode` raises.
    """
    file = folder.report(worker)
    try:
        size = file.stat().st_size
        if size > REPORT_LIMIT:
            raise UnreadableReportError(
                f"worker {worker} reported {size / 2**20:.0f} MiB; at most"
                f" {REPORT_LIMIT // 2**20} MiB: claim or return less"
            )
        return decode(json.loads(read_regular(file, REPORT_LIMIT).decode("utf-8")))
    except UnreadableReportError:
        raise
    except OSError as problem:
        raise UnreadableReportError(
            f"worker {worker}'s report is gone: {problem.strerror}"
        ) from problem
    except Exception as problem:
        # Any exception: the user's code in the worker may have written anything there.
        raise UnreadableReportError(
            f"worker {worker}'s report cannot be read ({type(problem).__name__}: {problem}); {file}"
        ) from problem


def read_typed_report(folder: CaseFolder, worker: int, kind: type[Report]) -> Report:
    """Read the report of a worker as a dataclass, as `read_report` does."""
    return read_report(folder, worker, functools.partial(decoded, kind))
