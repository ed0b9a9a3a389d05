"""A real Slurm of two nodes, n1 and n2, on this machine and reachable by nobody else.

Its daemons live in namespaces of their own, so that they listen on a loopback that only they have,
and the kernel ends them, their jobs included, when the first process in there ends. That process is
this module run as a program; whoever uses the class stays outside, and sends commands in.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

ROOT = Path(__file__).resolve().parents[2]
NEEDED = ("munged", "slurmctld", "slurmd", "srun", "ip", "nsenter")
START_S = 60.0
ISOLATED = ("-m", "testbed.launcher.isolation.isolation", "required")

_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
_READY = "ready"

# slurmctld listens on 6817 and the nodes on 6818 and 6819, as nobody else does in there.
# Without accounting, and with an epilogue of seconds instead of minutes.
_CONF = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
SlurmctldPort=6817
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
KillWait=5
MinJobAge={remembered}
SlurmdParameters=config_overrides
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port=6818 CPUs=2
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port=6819 CPUs=2
PartitionName=all Nodes=n1,n2 Default=YES MaxTime=60
"""


def missing() -> str:
    """Why there can be no Slurm here; nothing where there can."""
    absent = [name for name in NEEDED if not shutil.which(name, path=_PATH)]
    if absent:
        return f"not installed: {', '.join(absent)}"
    if os.geteuid() != 0:
        return "the daemons of Slurm need root"
    words = [sys.executable, *ISOLATED, "-c", "import os; print(os.getpid())"]
    first = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60)
    return "" if first.stdout == "1\n" else "no namespaces of its own"


class SlurmCluster:
    """The cluster while it runs, from outside."""

    def __init__(self, folder: Path, keeper: subprocess.Popen[str]) -> None:
        self.folder = folder
        self._keeper = keeper

    def start(self, *words: str) -> subprocess.Popen[str]:
        """A command in there, of which one reads what it prints."""
        spaces = f"/proc/{self._keeper.pid}/ns"
        entering = (f"--net={spaces}/net", f"--mount={spaces}/mnt")
        return subprocess.Popen(
            ["nsenter", *entering, f"--pid={spaces}/pid_for_children", f"--wd={ROOT}", *words],
            env=environment(self.folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """A command in there, to its end."""
        with self.start(*words) as process:
            try:
                out, err = process.communicate(timeout=timeout)
            except BaseException:
                process.kill()
                raise
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def interrupt(self, process: subprocess.Popen[str], number: int = signal.SIGINT) -> None:
        """Send a signal to a command that was started, which is the child of what entered."""
        for inner in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
            os.kill(int(inner), number)


def environment(folder: Path) -> dict[str, str]:
    """With what the daemons and commands of the cluster in a folder find it."""
    outside = {name: text for name, text in os.environ.items() if not name.startswith("SLURM_")}
    return {**outside, "PATH": _PATH, "SLURM_CONF": str(folder / "slurm.conf")}


@contextlib.contextmanager
def slurm_cluster(folder: Path, *, remembered_s: int = 3600) -> Iterator[SlurmCluster]:
    """A cluster that is ready for jobs, and gone at the end of the block.

    Args:
        folder: for all its files.
        remembered_s: how long it knows a job that is over.
    """
    program = ["-m", "tests.engines.slurm_cluster", str(folder), str(remembered_s)]
    with subprocess.Popen(
        [sys.executable, *ISOLATED, *program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as keeper:
        assert keeper.stdin is not None
        assert keeper.stdout is not None
        try:
            told = select.select([keeper.stdout], [], [], START_S)[0] and keeper.stdout.readline()
            assert told == f"{_READY}\n", f"no Slurm: {told}; see {folder}"
            yield SlurmCluster(folder, keeper)
        finally:
            # The end of its input ends it; and where that is not enough, the end of what keeps it.
            keeper.stdin.close()
            try:
                keeper.wait(timeout=10)
            except subprocess.TimeoutExpired:
                keeper.kill()


def _daemons(folder: Path) -> list[list[str]]:
    """The daemons in the order in which they are started, each in the foreground."""
    munge = {
        "key-file": "munge.key",
        "socket": "munge.socket",
        "pid-file": "munge.pid",
        "log-file": "munge.log",
        "seed-file": "munge.seed",
    }
    # --force: a folder for tests is closed to other users, which munged takes for a mistake.
    return [
        ["munged", "--foreground", "--force", *(f"--{k}={folder / v}" for k, v in munge.items())],
        ["slurmctld", "-D", "-c"],
        *(["slurmd", "-D", "-N", node] for node in ("n1", "n2")),
    ]


def main(folder: Path, remembered_s: int) -> None:
    """Start the daemons, say when they are ready, and stay until the standard input ends."""
    assert os.getpid() == 1, "the daemons would listen where others are"
    (folder / "state").mkdir(parents=True, exist_ok=True)
    key = folder / "munge.key"
    key.touch(mode=0o600)
    key.write_bytes(secrets.token_bytes(128))
    host = socket.gethostname()
    conf = _CONF.format(folder=folder, host=host, remembered=remembered_s)
    (folder / "slurm.conf").write_text(conf)
    # Where 127.0.0.1 is all there is, the resolver tells Slurm that there is no network at all.
    address = ["ip", "address", "add", "192.0.2.1/32", "dev", "lo"]
    subprocess.run(address, env=environment(folder), check=True)
    for number, words in enumerate(_daemons(folder)):
        with (folder / f"{number}-{words[0]}.out").open("wb") as log:
            subprocess.Popen(words, env=environment(folder), stdout=log, stderr=log)
        if words[0] == "munged":
            _wait_until(lambda: (folder / "munge.socket").exists(), "munged listens")
    _wait_until(lambda: _states(folder) == ["idle", "idle"], "both nodes are idle")
    print(_READY, flush=True)
    sys.stdin.read()


def _states(folder: Path) -> list[str]:
    asked = subprocess.run(
        ["sinfo", "--noheader", "--Node", "--format=%T"],
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=20,
    )
    return asked.stdout.split()


def _wait_until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + START_S / 2
    while not holds():
        assert time.monotonic() < deadline, f"in vain until {what}"
        Event().wait(0.1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
