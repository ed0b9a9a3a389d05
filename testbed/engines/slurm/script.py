"""A job of Slurm's as a script, for those who submit it themselves."""

from __future__ import annotations

import shlex
import sys

from testbed.engines.command import JOB_ID
from testbed.engines.slurm.request import SlurmRequest
from testbed.errors import UsageError
from testbed.launcher.run_folder import write_text
from testbed.report.formats.destinations import destination


def export(request: SlurmRequest, name: str) -> int:
    """Write the script to a file, and tell how to submit it.

    Raises:
        UsageError: no file can be written there.
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
    # In the name of a file Slurm takes % for a beginning of its own, and %t for the task.
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
            "# Every task runs the same command, and finds its place from what Slurm tells it.",
            "# If one fails, --kill-on-bad-exit ends all. What task N prints goes to worker-N.out",
            "# and worker-N.err in the folder; task 0 prints what you want to see.",
            _folded([srun, list(request.command)]),
            "",
        ]
    )


def _option(name: str, value: str | int | bool) -> str:
    dashed = f"--{name.replace('_', '-')}"
    return dashed if value is True else f"{dashed}={shlex.quote(str(value))}"


def _folded(parts: list[list[str]]) -> str:
    """A command over several lines, one for each of its parts."""
    return " \\\n  ".join(" ".join(map(_quoted, part)) for part in parts)


def _quoted(word: str) -> str:
    """A word for the shell, which puts in the number of the job and else takes it as it is."""
    parts = [shlex.quote(part) if part else "" for part in word.split(JOB_ID)]
    return f'"{JOB_ID}"'.join(parts) or shlex.quote(word)
