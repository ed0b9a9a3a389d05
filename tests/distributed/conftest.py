"""Real clusters for tests: one preloaded server for each process that runs tests."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from testbed.bootstrap import python_command
from testbed.catalogue.scenario import Case
from testbed.catalogue.selection import Selection
from testbed.cli.main import main
from testbed.cluster.devices import Devices
from testbed.launcher.cluster.deadlines import Deadlines
from testbed.launcher.run_folder import RunFolder, new_run_folder
from testbed.launcher.server.source import WorkerServer
from testbed.report.output.observer import Observer
from testbed.run import servers as run_servers
from testbed.run.case import CaseRun
from testbed.run.options import Options
from testbed.run.scenario import keep_scripts, lacking_for
from testbed.run.servers import open_server
from testbed.verdict.verdict import Verdict
from tests.distributed.shared_servers import SharedServers, shared_servers

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Judge:
    """Runs single cases on the server of this test process."""

    loop: asyncio.AbstractEventLoop
    server: WorkerServer
    folder: RunFolder

    def __call__(
        self,
        case: Case,
        selection: Selection,
        *,
        fresh: bool = False,
        deadlines: Deadlines | None = None,
    ) -> Verdict:
        """The verdict on one case of a selection."""
        lacking = lacking_for(selection.scenario(case).fault, self.server.isolation)
        if lacking:
            pytest.skip(lacking)
        options = Options(fresh=fresh, deadlines=deadlines or Deadlines())
        folder = self.folder.case(case.id)
        keep_scripts(selection, self.folder)
        bench = CaseRun(self.server, Devices(), options, folder, Observer(), self.folder)
        return self.loop.run_until_complete(bench.judge(case, selection))


@pytest.fixture(scope="session")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    """Judges cases; TensorFlow is imported once for the whole session."""
    loop = asyncio.new_event_loop()
    with new_run_folder(tmp_path_factory.mktemp("judge") / "runs") as folder:
        opened = open_server(folder, fresh=False)
        server = loop.run_until_complete(opened.__aenter__())
        try:
            yield Judge(loop, server, folder)
        finally:
            loop.run_until_complete(opened.__aexit__(None, None, None))
            loop.close()


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedServers]:
    """The servers that commands in this process share."""
    with shared_servers(tmp_path_factory.mktemp("servers") / "runs") as servers:
        yield servers


@dataclass(frozen=True)
class Done:
    """A `testbed` command that has ended."""

    status: int
    output: str
    errors: str
    folder: Path

    @property
    def record(self) -> dict[str, Any]:
        """The JSON that `--json result.json` wrote."""
        found: dict[str, Any] = json.loads((self.folder / "result.json").read_text())
        return found

    def case(self, case_id: str) -> dict[str, Any]:
        """One case of the record."""
        return next(case for case in self.record["cases"] if case["id"] == case_id)


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Starts `testbed` with arguments, in an empty folder of the test's own."""

    def command(*arguments: str, **more: Any) -> subprocess.Popen[str]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
        return subprocess.Popen(
            python_command("testbed", *arguments),
            cwd=tmp_path,
            env={**environment, **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return command


@pytest.fixture
def testbed(start: Callable[..., subprocess.Popen[str]], tmp_path: Path) -> Callable[..., Done]:
    """Runs `testbed` with arguments to its end."""

    def run(*arguments: str, **more: Any) -> Done:
        process = start(*arguments, **more)
        output, errors = process.communicate(timeout=300)
        return Done(process.returncode, output, errors, tmp_path)

    return run


@pytest.fixture
def command(
    servers: SharedServers,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Callable[..., Done]:
    """Runs a `testbed` command in this process, on a server that other tests use, too."""
    monkeypatch.setattr(run_servers, "preloaded_server", servers.lend)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["testbed", *arguments])
        capfd.readouterr()
        status = main(arguments)
        return Done(status, *capfd.readouterr(), tmp_path)

    return run


@pytest.fixture
def script(tmp_path: Path) -> Callable[..., str]:
    """Writes a scenario script into the test's folder; gives its path."""

    def write(body: str, name: str = "mine") -> str:
        path = tmp_path / f"{name}.py"
        head = (
            f'"""{name}"""\nimport os, signal\nimport tensorflow as tf\n'
            "from testbed import Bed, breaks, scenario\n\n"
        )
        path.write_text(head + body)
        return str(path)

    return write
