"""`testbed chaos`: inject faults into workers, and report which cases recover."""

from __future__ import annotations

import sys

from testbed.chaos.progress import ChaosProgress
from testbed.chaos.replay import replay_command
from testbed.chaos.request import request_of, require_possible, selection_of
from testbed.chaos.run import chaos
from testbed.chaos.text import seed_line, show_sums
from testbed.cli.options.chaos import ChaosOptions
from testbed.errors import OK, UNEXPECTED, WRONG_COMMAND
from testbed.hosts.role import ALONE
from testbed.report.formats.registry import CHAOS
from testbed.report.formats.text import console
from testbed.report.output.result_files import ResultFiles
from testbed.signals import interruptible
from testbed.terminal import complain


def main(options: ChaosOptions) -> int:
    """Inject faults into the selected cases, and return the exit status."""
    request, files = request_of(options), ResultFiles(options.files)
    selection = selection_of(options)
    for unreadable in selection.problems:
        complain(unreadable)
    require_possible(selection, request.wanted)
    with ALONE.run_folder() as folder:
        with ChaosProgress(selection, request.repeat, verbose=options.verbose) as progress:
            progress.show(seed_line(request.seed))
            record = interruptible(
                chaos(
                    selection,
                    request,
                    folder,
                    progress,
                    command=sys.argv[1:],
                    replay=lambda case, fault: replay_command(selection, request, case, fault),
                )
            )
        show_sums(record, console())
        written = files.write(CHAOS, record, folder.record)
    written.show(logs=folder.path)
    if selection.problems:
        return WRONG_COMMAND
    return written.status(OK if record.recovered else UNEXPECTED)
