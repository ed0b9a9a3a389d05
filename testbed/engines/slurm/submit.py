"""Submits a Slurm job through submitit."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import sys
from pathlib import Path
from typing import Any

from testbed.bootstrap import BOOTSTRAP
from testbed.engines.job import JobState
from testbed.engines.job_files import JobFiles
from testbed.engines.slurm.request import SlurmRequest
from testbed.engines.slurm.scheduler import Scheduler
from testbed.engines.slurm.task import become
from testbed.errors import LaunchError, UsageError

CURE = "python -m pip install 'tf-scope-testbed[slurm]'"

_SRUN = "srun: error: "
_TASK = re.compile(r"tasks? (\d+)")
_NOT_THE_TASK = ("srun:", "slurmstepd", "submitit ")


class SlurmJob:
    """A submitted job.

    Args:
        number: the id of the job in Slurm.
        files: of the job.
        scheduler: the Slurm that runs it.
    """

    def __init__(self, number: str, files: JobFiles, scheduler: Scheduler) -> None:
        self.name = f"Slurm job {number}"
        self._number, self._files, self._scheduler = number, files, scheduler

    def state(self) -> JobState:
        """The state from Slurm; of a failed job with the task that failed first, and its error."""
        state = self._scheduler.job_state(self._number)
        if not state.over or state.text in ("completed", "cancelled"):
            return state
        if not (why := "; ".join(self._complaints())):
            return state
        # Slurm's exit code of a job is the highest of its tasks; most of these were only killed.
        return JobState(over=True, text=f"{state.text.partition(',')[0]} ({why})")

    def cancel(self) -> None:
        """Cancel the job by scancel."""
        self._scheduler.cancel(self._number)

    def _complaints(self) -> list[str]:
        """The task that failed first, as srun reports it, and the last error line of that task."""
        seen = [line for line in self._log(0) if line.startswith(_SRUN)]
        if not seen:
            return self._before_the_command(0)[-1:]
        first = seen[0].removeprefix(_SRUN)
        named = _TASK.search(first)
        task = int(named[1]) if named else 0
        said = self._before_the_command(task)
        if not said and task:
            # Following the job already shows the errors of task 0.
            said = [self._files.last_complaint(task)]
        return [first, *filter(None, said[-1:])]

    def _before_the_command(self, task: int) -> list[str]:
        """The errors of a task that failed before it became the command."""
        return [line for line in self._log(task) if not line.startswith(_NOT_THE_TASK)]

    def _log(self, task: int) -> list[str]:
        """Lines of submitit's error log of a task; that of task 0 also has the lines of srun."""
        path = submitit_folder(self._files) / f"{self._number}_{task}_log.err"
        try:
            text = path.read_text(encoding="utf-8", errors="backslashreplace")
        except OSError:
            return []
        return [line.strip() for line in text.splitlines() if line.strip()]


def submitit_folder(files: JobFiles) -> Path:
    """The folder for the files of submitit."""
    return files.engine / "submitit"


def submit(request: SlurmRequest, scheduler: Scheduler | None = None) -> SlurmJob:
    """Submit a job.

    Raises:
        UsageError: submitit is not installed.
        LaunchError: Slurm has rejected the job.
    """
    submitit = _submitit()
    try:
        executor = submitit.SlurmExecutor(
            folder=submitit_folder(request.files),
            # submitit appends `-m` and its module, and runs that in the user's working folder.
            python=shlex.join([sys.executable, BOOTSTRAP]),
        )
        executor.update_parameters(
            job_name="testbed",
            nodes=request.nodes,
            ntasks_per_node=request.tasks_per_node,
            # Without an option, the cluster's defaults apply and not those of submitit.
            time=None,
            wckey=None,
            srun_args=request.srun,
            # Before the time limit submitit has Slurm send a signal, which ends a program without
            # a handler. SIGCONT is ignored, and at the limit Slurm ends the job as usual.
            additional_parameters={"signal": "CONT@10", **request.sbatch},
        )
        # submitit prints the output of sbatch, which its exception contains, too.
        with contextlib.redirect_stderr(io.StringIO()):
            job = executor.submit(become, request.command, str(request.files.folder))
    except (RuntimeError, ValueError, OSError) as problem:
        # submitit raises RuntimeError; the last line of it is the message of sbatch.
        lines = [line for line in str(problem).splitlines() if line.strip()]
        raise LaunchError(f"Slurm has not taken the job: {(lines or ['unknown'])[-1]}") from problem
    return SlurmJob(job.job_id, request.files, scheduler or Scheduler())


def _submitit() -> Any:
    try:
        import submitit
    except ImportError as problem:
        raise UsageError(f"--engine slurm needs submitit: {CURE}") from problem
    return submitit
