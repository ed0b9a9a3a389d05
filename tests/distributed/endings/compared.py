"""How a program ends under plain python and in a worker: output, exit code and files."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testbed.cluster.cluster import Cluster
from testbed.cluster.devices import Devices
from testbed.cluster.strategies import Deployment
from testbed.launcher.cluster.deadlines import Deadlines
from testbed.launcher.cluster.report_file import read_report
from testbed.launcher.entry import Entry
from testbed.launcher.machine.environment import server_environment
from testbed.launcher.run_folder import CaseFolder
from testbed.launcher.server.source import WorkerServer
from testbed.orders.own_code import Program, ProgramOrders, ProgramReport
from testbed.run.user_code.own_code import OwnCodeCluster
from testbed.run.user_code.place import JOINING
from testbed.run.user_code.program import program_end
from tests.distributed.endings.ending import Ending

START = "import os, signal, sys, threading, time\n"
ONE = Deployment("multi_worker_mirrored", Cluster(1, 1))
DEADLINES = Deadlines(begin=JOINING, run=120.0)
PLAIN_DEADLINE_S = 120.0

# What differs between two runs of plain python, too; and of what could not be printed at all Python
# counts the references.
_CHANGES = re.compile(
    r"0x[0-9a-f]+|(?<=pid=)\d+|(?<=process )\d+|Thread-\d+|(?<=object refcount : )\d+"
)
# TensorFlow's C++ says this while it is imported, which is over before a worker is forked.
_ON_IMPORT = re.compile(r"^(WARNING: All log messages before absl::|[IWE]\d{4} ).*\n", re.MULTILINE)
# A worker adds its stacks when it crashes.
_CRASH = "Fatal Python error:"


@dataclass(frozen=True)
class Seen:
    """What is seen of a program from outside."""

    code: int
    """As a shell gives it."""
    output: str
    files: dict[str, str]


def written(ending: Ending, folder: Path) -> Program:
    """The program, in a new folder."""
    folder.mkdir(parents=True)
    for name, text in {"program.py": START + ending.text, **dict(ending.files)}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        if text:
            (folder / name).write_text(text)
    return Program("program" if ending.as_module else "program.py", (), ending.as_module)


def under_python(program: Program, folder: Path) -> Seen:
    """Run a program by plain python, which shows a line at once, as in a terminal."""
    log = folder.parent / f"{folder.name}.log"
    with log.open("wb") as output:
        done = subprocess.run(
            [sys.executable, *["-m"] * program.is_module, program.name],
            cwd=folder,
            env=server_environment(os.environ, exact=False),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            timeout=PLAIN_DEADLINE_S,
            check=False,
        )
    return _seen(done.returncode if done.returncode >= 0 else 128 - done.returncode, log, folder)


async def in_a_worker(
    program: Program,
    server: WorkerServer,
    case: CaseFolder,
    entry: Entry[ProgramOrders],
    *,
    fresh: bool,
) -> Seen:
    """Run a program, in the working folder, by an entry in the only worker of a cluster."""
    place = OwnCodeCluster(server, ONE, Devices(), case, fresh, None)
    end = await place.run(entry, lambda setup: ProgramOrders(setup, program), DEADLINES)
    reports = [
        read_report(case, each.worker, _ended) if each.reported else None for each in end.workers
    ]
    return _seen(program_end(end, reports).code, case.log(0), Path.cwd())


def _ended(report: Any) -> ProgramReport:
    return ProgramReport(report["code"], report["raised"], None, None)


def _seen(code: int, log: Path, folder: Path) -> Seen:
    files = {
        str(file.relative_to(folder)): _text(file, folder)
        for file in sorted(folder.rglob("*"))
        if file.is_file() and "__pycache__" not in file.parts
    }
    return Seen(code, _text(log, folder), files)


def _text(file: Path, folder: Path) -> str:
    text = file.read_bytes().decode("utf-8", "backslashreplace").replace(str(folder), "FOLDER")
    return _CHANGES.sub("*", _ON_IMPORT.sub("", text)).partition(_CRASH)[0]
