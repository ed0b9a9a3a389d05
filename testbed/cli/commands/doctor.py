"""`testbed doctor`: report what this machine has, and what would mislead a run on it."""

from __future__ import annotations

import contextlib
import getpass
import os
import platform
import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from testbed import __version__
from testbed.cli.gpu_findings import DoctorFinding
from testbed.cli.leftover_runs import ended, leftover_findings
from testbed.cli.options.doctor import DoctorOptions
from testbed.cli.worker_findings import worker_findings
from testbed.engines.detect import found
from testbed.errors import OK, UNEXPECTED
from testbed.launcher.interpreter.interpreter import (
    UNTESTED,
    found_in,
    installing,
    untested,
    with_tested,
)
from testbed.launcher.machine.environment import MISLEADING, kept_from
from testbed.launcher.machine.machine import usable_cores
from testbed.terminal import one_line, tell

HEALTHY = "testbed check SCRIPT.py checks your program; testbed list has the scenarios"
AGAIN = "do what the lines marked `look` say, then: testbed doctor"


def main(options: DoctorOptions) -> int:
    """Print every finding, with status 1 where one needs a cure; or end leftover processes."""
    if options.end is not None:
        return ended(options.end)
    anonymous = _anonymised if options.report else str
    if options.report:
        print("```text", flush=True)
    sick = False
    for finding in _findings():
        sick = sick or bool(finding.cure)
        what, cure = (anonymous(one_line(text)) for text in (finding.what, finding.cure))
        print(f"{'look' if cure else '  ok'}  {what}", flush=True)
        if cure:
            print(f"      cure: {cure}", flush=True)
    if options.report:
        print("```")
        tell("next: paste the block into an issue, with the command and its output")
    else:
        print(f"next: {AGAIN if sick else HEALTHY}")
    return UNEXPECTED if sick else OK


def _anonymised(text: str) -> str:
    """A text without the names of the user and of this host."""
    hidden = {str(Path.home()): "~", socket.gethostname(): "HOST"}
    with contextlib.suppress(KeyError, OSError):
        hidden[getpass.getuser()] = "USER"
    for name, instead in hidden.items():
        # A name like `root` is no secret, and a short one stands in other words.
        if len(name) > 1 and name != "root":
            text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", instead, text)
    return text


def _findings() -> Iterator[DoctorFinding]:
    yield DoctorFinding(
        f"testbed {__version__}, Python {platform.python_version()} at {sys.executable}"
    )
    yield _system()
    yield from _tensorflow()
    yield from _environment()
    yield DoctorFinding(f"engines beyond this machine: {', '.join(found()) or 'none is found'}")
    yield from leftover_findings()


def _system() -> DoctorFinding:
    what = f"{platform.system()} {platform.release()}, {usable_cores()} cores"
    if not hasattr(socket, "SO_REUSEPORT") or platform.system() != "Linux":
        return DoctorFinding(
            what, "run on Linux: elsewhere ports cannot be reserved, nor processes tracked"
        )
    return DoctorFinding(what)


def _tensorflow() -> Iterator[DoctorFinding]:
    here = found_in()
    name = with_tested(here.tensorflow)
    if here.tensorflow is None:
        yield DoctorFinding(name, installing())
        return
    yield DoctorFinding(name, UNTESTED if untested(here) else "")
    yield from worker_findings()


def _environment() -> Iterator[DoctorFinding]:
    present = [name for name in MISLEADING if name in os.environ]
    for name in present:
        yield DoctorFinding(
            f"{name} is set: {MISLEADING[name]}",
            f"unset {name} (the testbed keeps it from its own workers; other programs get it)",
        )
    if not present:
        yield DoctorFinding("no inherited variable misleads workers")
    if kept := kept_from(os.environ):
        yield DoctorFinding(f"workers get from your environment: {', '.join(kept)}")
