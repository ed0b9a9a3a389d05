"""The engine `slurm`: runs a command as a Slurm job, or writes the script of one."""

from __future__ import annotations

from testbed.cli.declarations.engine import EngineOptions
from testbed.engines import InnerCommand
from testbed.engines.follow import follow
from testbed.engines.slurm.request import request_of
from testbed.engines.slurm.script import export
from testbed.engines.slurm.submit import submit


def main(options: EngineOptions, inner: InnerCommand) -> int:
    """Run the job on Slurm and follow it, or write the script that `--export` names."""
    request = request_of(options, inner)
    if options.export:
        return export(request, options.export)
    return follow(lambda: submit(request), inner)
