"""The function that submitit calls in every task of a job: it becomes the command."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from testbed.engines.job_files import JobFiles


def become(command: Sequence[str], folder: str) -> None:
    """Replace this process by the command, and its output by the files of this worker.

    submitit's process would print its lines into the output, and would ignore the signal by which
    Slurm ends a job. The exec removes both.
    """
    files, worker = JobFiles(folder), os.environ["SLURM_PROCID"]
    sys.stdout.flush()
    for number, path in ((1, files.out(worker)), (2, files.err(worker))):
        log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o666)
        os.dup2(log, number)
        os.close(log)
    os.execv(command[0], list(command))
