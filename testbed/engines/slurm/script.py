"""Writes a Slurm job as a script, for users who submit it themselves."""

from __future__ import annotations

import shlex
import sys

from testbed.engines.slurm.request import SlurmRequest
from testbed.errors import UsageError
from testbed.launcher.run_folder import write_text
from testbed.report.output.destinations import destination

JOB_ID = "$SLURM_JOB_ID"
"""The variable in a default folder that the shell of the script expands."""


def export(request: SlurmRequest, name: str) -> int:
    """Write the script to a file, and print the command that submits it.

    Raises:
        UsageError: the file cannot be written.
    """
    path = destination("--export", name)
    assert path is not None
    try:
        write_text(path, script_of(request))
    except OSError as problem:
        raise UsageError(f"--export {name}: {problem.strerror}") from problem
    print(f"submit it with: sbatch {shlex.quote(name)}", file=sys.stdout)
    return 0


def script_of(request: SlurmRequest) -> str:
    """The text of the script."""
    files = request.files
    # In a file name, Slurm expands %: %t becomes the number of the task, %% one percent sign.
    out, err = (
        f"{str(path.parent).replace('%', '%%')}/{path.name}"
        for path in (files.out("%t"), files.err("%t"))
    )
    options = {
        "job_name": "testbed",
        "nodes": request.nodes,
        "ntasks_per_node": request.tasks_per_node,
        **request.sbatch,
    }
    srun = ["srun", *request.srun, f"--output={out}", f"--error={err}"]
    return "\n".join(
        [
            "#!/bin/bash",
            "# A run of the testbed as a job of Slurm. Submit it with: sbatch FILE",
            "",
            "# What the job needs: one task for each worker. More options of sbatch may be added",
            "# here; those that say how many nodes and tasks there are must stay as they are.",
            *(f"#SBATCH {_option(name, value)}" for name, value in options.items()),
            "",
            "# The folder of the run, which all nodes must see at this path, and to which no other",
            "# user may write.",
            f"(umask go-w && mkdir -p {_quoted(str(files.folder))})",
            f"(umask go= && mkdir -p {_quoted(str(files.engine))})",
            "",
            "# Every task runs the same command, and reads its place from Slurm's variables. If",
            "# one fails, --kill-on-bad-exit ends all. The output of task N goes to worker-N.out",
            "# and worker-N.err in the folder; task 0 prints the results.",
            _folded([srun, list(request.command)]),
            "",
        ]
    )


def _option(name: str, value: str | int | bool) -> str:
    dashed = f"--{name.replace('_', '-')}"
    return dashed if value is True else f"{dashed}={shlex.quote(str(value))}"


def _folded(parts: list[list[str]]) -> str:
    """A command over several lines, one line for each part."""
    return " \\\n  ".join(" ".join(map(_quoted, part)) for part in parts)


def _quoted(word: str) -> str:
    """A word quoted for the shell, which expands only the number of the job in it."""
    parts = [shlex.quote(part) if part else "" for part in word.split(JOB_ID)]
    return f'"{JOB_ID}"'.join(parts) or shlex.quote(word)
