"""What workers of these tests do: each is an entry that the launcher starts by name."""

import ctypes
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from testbed.launch.channel import Channel
from testbed.launch.run_folder import write_json


def report(orders: dict[str, Any], channel: Channel) -> None:
    """Join, write down what the operating system says of this process, and leave with all."""
    channel.phase("joined")
    facts = {
        "pid": os.getpid(),
        "session": os.getsid(0),
        "parent": os.getppid(),
        "hash": hash("a string"),
        "environment": dict(os.environ),
        "threads": threading.active_count(),
    }
    write_json(Path(orders["report"]), facts)
    channel.reported(good=True)
    channel.wait_for_leave()


def end_by_signal(orders: dict[str, Any], channel: Channel) -> None:
    channel.phase("joined")
    if orders["worker"] == 1:
        ctypes.string_at(0)
    threading.Event().wait()


def leave_without_a_word(orders: dict[str, Any], channel: Channel) -> None:
    channel.phase("joined")
    if orders["worker"] == 1:
        os._exit(0)
    threading.Event().wait()


def leave_by_sys_exit(orders: dict[str, Any], channel: Channel) -> None:
    channel.phase("joined")
    if orders["worker"] == 1:
        sys.exit("I am done")
    threading.Event().wait()


def raise_an_error(orders: dict[str, Any], channel: Channel) -> None:
    channel.phase("joined")
    if orders["worker"] == 1:
        raise ValueError("worker 1 does not like this")
    threading.Event().wait()


def one_never_joins(orders: dict[str, Any], channel: Channel) -> None:
    if orders["worker"] == 1:
        channel.phase("thinking")
        threading.Event().wait()
    channel.phase("joined")
    report(orders, channel)


def one_never_reports(orders: dict[str, Any], channel: Channel) -> None:
    if orders["worker"] == 0:
        return report(orders, channel)
    channel.phase("joined")
    channel.phase("step 3")
    threading.Event().wait()
    return None


def leave_children_behind(orders: dict[str, Any], channel: Channel) -> None:
    """Start a child, and a daemon that took a session and a parent of its own."""
    sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
    child = subprocess.Popen(sleep)
    script = (
        "import subprocess;"
        f"print(subprocess.Popen({sleep!r}, start_new_session=True, stdout=subprocess.DEVNULL).pid)"
    )
    # The process in between ends at once, so the daemon is an orphan from its first moment on.
    daemon = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, check=True)
    channel.phase("joined")
    pids = [child.pid, int(daemon.stdout)]
    write_json(Path(orders["report"]), pids)
    print(json.dumps(pids), flush=True)
    channel.reported(good=True)
    channel.wait_for_leave()


def print_much(orders: dict[str, Any], channel: Channel) -> None:
    channel.phase("joined")
    line = "x" * 999
    for _ in range(20_000):
        print(line)
    report(orders, channel)
