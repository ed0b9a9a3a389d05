"""The processes were started by somebody else: each takes its place, and worker 0 leads."""

from __future__ import annotations

import argparse
from collections.abc import Callable


def main(options: argparse.Namespace, command: Callable[[argparse.Namespace], int]) -> int:
    """Run the command as worker 0, or serve worker 0; the exit status."""
    # Only now: a rank is named where nothing is started, too.
    from testbed.engines.environment.part import take_part

    return take_part(options, command)
