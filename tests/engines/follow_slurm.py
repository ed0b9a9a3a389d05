"""Follows a job whose processes run a text of Python: what `--engine slurm` does, without a run."""

from __future__ import annotations

import sys
from dataclasses import replace

from testbed.cli.declarations.engine import EngineOptions, SlurmOptions
from testbed.engines import InnerCommand
from testbed.engines.follow import follow
from testbed.engines.slurm.request import request_of
from testbed.engines.slurm.submit import submit
from testbed.errors import LaunchError, UsageError
from testbed.terminal import complain


def main(folder: str, code: str, *sbatch: str) -> int:
    """Follow a job of two processes to its end; the exit status."""
    inner = InnerCommand((), folder, 2)
    request = request_of(EngineOptions(slurm=SlurmOptions(sbatch=sbatch)), inner)
    request = replace(request, command=(sys.executable, "-u", "-c", code))
    try:
        return follow(lambda: submit(request), inner)
    except (LaunchError, UsageError) as problem:
        complain(problem)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
