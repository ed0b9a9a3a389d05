"""Two hosts with an address each and a cable between them, and a rank of a cluster on each.

Run as a program in namespaces of its own, it makes the hosts, starts the ranks, and, where that is
ordered, pulls the cable; what became of them it prints as JSON. With the first process of its
process namespace all of it is gone.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
ADDRESSES = ("10.77.0.1", "10.77.0.2")
ISOLATED = ("-m", "testbed.launcher.isolation.isolation", "required")
TESTBED = ("-m", "testbed")
DEADLINE_S = 150.0


@dataclass(frozen=True)
class Ended:
    """How a rank ended."""

    status: int
    after: float
    """Seconds, from when the cable was pulled, or from the start where it never was."""
    out: str
    err: str


def on_two_hosts(
    words: Sequence[str],
    folder: Path,
    *,
    ranks: Callable[[int], Mapping[str, str]] | None = None,
    cut_at: Path | None = None,
    names: Sequence[str] = (),
) -> list[Ended]:
    """Run `testbed WORDS` as two ranks on two hosts, to the end of both.

    Args:
        words: of the command.
        folder: where it is typed.
        ranks: the environment of each rank; a TF_CONFIG with their addresses where nothing else.
        cut_at: the cable is pulled when this file is there.
        names: of the hosts, which both know; without any they have addresses alone.
    """
    order = {
        "words": list(words),
        "folder": str(folder),
        "cut_at": str(cut_at) if cut_at else "",
        "names": list(names),
        "ranks": [dict((ranks or tf_config)(number)) for number in range(2)],
    }
    done = subprocess.run(
        [sys.executable, *ISOLATED, "-m", "tests.engines.two_hosts", json.dumps(order)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S + 30,
    )
    assert done.returncode == 0, done.stderr
    return [Ended(**each) for each in json.loads(done.stdout)]


def tf_config(number: int) -> dict[str, str]:
    """What tells a rank its place, with ports that the test has chosen."""
    cluster = {"worker": [f"{address}:2222" for address in ADDRESSES]}
    task = {"type": "worker", "index": number}
    return {"TF_CONFIG": json.dumps({"cluster": cluster, "task": task})}


def main(order: dict[str, Any]) -> list[dict[str, Any]]:
    """Make the hosts, run the ranks, and say how each ended."""
    assert os.getpid() == 1, "the workers would listen where others are"
    holders = [_host() for _ in ADDRESSES]
    _lay_cable([holder.pid for holder in holders])
    started = time.monotonic()
    running = [_rank(number, holder.pid, order) for number, holder in enumerate(holders)]
    if order["cut_at"]:
        _wait_until(Path(order["cut_at"]).exists, running)
        _in_host(holders[0].pid, "ip", "link", "set", "cable0", "down")
        started = time.monotonic()
    return [asdict(_end(process, started, order, number)) for number, process in enumerate(running)]


def _host() -> subprocess.Popen[str]:
    """A process in a network of its own, which is there as long as the process."""
    holder = subprocess.Popen(
        ["unshare", "--net", "sh", "-c", "ip link set lo up && echo ready && exec cat"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "ready\n"
    return holder


def _lay_cable(hosts: Sequence[int]) -> None:
    pair = ["ip", "link", "add", "cable0", "type", "veth", "peer", "name", "cable1"]
    subprocess.run(pair, check=True)
    for number, (host, address) in enumerate(zip(hosts, ADDRESSES, strict=True)):
        end = f"cable{number}"
        subprocess.run(["ip", "link", "set", end, "netns", str(host)], check=True)
        _in_host(host, "ip", "address", "add", f"{address}/24", "dev", end)
        _in_host(host, "ip", "link", "set", end, "up")


def _in_host(host: int, *words: str) -> None:
    subprocess.run([*_entering(host), *words], check=True)


def _entering(host: int) -> list[str]:
    return ["nsenter", f"--net=/proc/{host}/ns/net"]


def _named(number: int, order: dict[str, Any]) -> list[str]:
    """What gives a rank the name of its host, and its own list of names, as a pod has them."""
    if not order["names"]:
        return []
    hosts = Path(order["folder"]) / f"hosts-{number}"
    lines = [
        f"{address} {name} {name.partition('.')[0]}"
        for address, name in zip(ADDRESSES, order["names"], strict=True)
    ]
    hosts.write_text("\n".join(["127.0.0.1 localhost", *lines, ""]))
    own = order["names"][number].partition(".")[0]
    script = f'hostname {own} && mount --bind {shlex.quote(str(hosts))} /etc/hosts && exec "$@"'
    return ["unshare", "--uts", "--mount", "sh", "-c", script, "sh"]


def _rank(number: int, host: int, order: dict[str, Any]) -> subprocess.Popen[bytes]:
    # To files: a pipe that nobody reads would hold a rank up.
    out, err = (Path(order["folder"]) / f"rank-{number}.{kind}" for kind in ("out", "err"))
    with out.open("wb") as printed, err.open("wb") as complained:
        return subprocess.Popen(
            [*_entering(host), *_named(number, order), sys.executable, *TESTBED, *order["words"]],
            env={**os.environ, **order["ranks"][number], "PYTHONPATH": str(ROOT)},
            cwd=order["folder"],
            stdout=printed,
            stderr=complained,
        )


def _wait_until(holds: Callable[[], bool], running: Sequence[subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + DEADLINE_S / 2
    while not holds():
        assert time.monotonic() < deadline, "it never came so far"
        assert any(process.poll() is None for process in running), "it ended before"
        Event().wait(0.05)


def _end(
    process: subprocess.Popen[bytes], started: float, order: dict[str, Any], number: int
) -> Ended:
    status = process.wait(DEADLINE_S)
    after = time.monotonic() - started
    out, err = (
        (Path(order["folder"]) / f"rank-{number}.{kind}").read_text() for kind in ("out", "err")
    )
    return Ended(status, after, out, err)


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))
