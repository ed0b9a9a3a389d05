"""What workers of these tests do: each is an entry that the launcher starts by name."""

import contextlib
import ctypes
import fcntl
import os
import resource
import secrets
import signal
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path

from testbed.launcher.run_folder import write_json
from testbed.launcher.server.channel import Channel
from tests.process.family import start_family
from tests.process.orders import PlayOrders, program


def _leave(channel: Channel) -> None:
    channel.reported(good=True)
    channel.wait_for_leave()


@program
def report(orders: PlayOrders, channel: Channel) -> None:
    """Join, write down what the operating system says of this process, and leave with all."""
    channel.phase("joined")
    facts = {
        "pid": os.getpid(),
        "session": os.getsid(0),
        "hash": hash("a string"),
        "environment": dict(os.environ),
        "threads": threading.active_count(),
    }
    write_json(Path(orders.report), facts)
    _leave(channel)


@program
def end_by_signal(orders: PlayOrders, channel: Channel) -> None:
    channel.phase("joined")
    if orders.worker == 1:
        ctypes.string_at(0)
    threading.Event().wait()


@program
def leave_without_a_word(orders: PlayOrders, channel: Channel) -> None:
    channel.phase("joined")
    if orders.worker == 1:
        os._exit(0)
    threading.Event().wait()


@program
def leave_by_sys_exit(orders: PlayOrders, channel: Channel) -> None:
    channel.phase("joined")
    if orders.worker == 1:
        sys.exit("I am done")
    threading.Event().wait()


@program
def raise_an_error(orders: PlayOrders, channel: Channel) -> None:
    channel.phase("joined")
    if orders.worker == 1:
        raise ValueError("worker 1 does not like this")
    threading.Event().wait()


@program
def one_never_joins(orders: PlayOrders, channel: Channel) -> None:
    if orders.worker == 1:
        channel.phase("thinking")
        threading.Event().wait()
    channel.phase("joined")
    report(orders, channel)


@program
def one_never_reports(orders: PlayOrders, channel: Channel) -> None:
    if orders.worker == 0:
        return report(orders, channel)
    channel.phase("joined")
    channel.phase("step 3")
    threading.Event().wait()
    return None


@program
def leave_children_behind(orders: PlayOrders, channel: Channel) -> None:
    """Report and leave, with a child and a daemon still running."""
    channel.phase("joined")
    write_json(Path(orders.report), start_family())
    _leave(channel)


@program
def keep_grandchildren(orders: PlayOrders, channel: Channel) -> None:
    """Go on for ever, with a child and a daemon."""
    channel.phase("joined")
    write_json(Path(orders.report), start_family())
    threading.Event().wait()


@program
def print_much(orders: PlayOrders, channel: Channel) -> None:
    channel.phase("joined")
    line = "x" * 999
    for _ in range(20_000):
        print(line)
    report(orders, channel)


@program
def print_too_much(orders: PlayOrders, channel: Channel) -> None:
    """Worker 1 prints a hundred megabytes and then reports as if nothing had been."""
    channel.phase("joined")
    if orders.worker == 1:
        chunk = "x" * 2**20
        for _ in range(100):
            print(chunk)
    report(orders, channel)


@program
def print_for_ever(orders: PlayOrders, channel: Channel) -> None:
    channel.phase("joined")
    while orders.worker == 1:
        print("x" * 2**16)
    report(orders, channel)


@program
def report_what_is_no_json(orders: PlayOrders, channel: Channel) -> None:
    channel.phase("joined")
    if orders.worker == 1:
        write_json(Path(orders.report), threading.Lock())
    report(orders, channel)


@program
def speak_nonsense(orders: PlayOrders, channel: Channel) -> None:
    """Worker 1 writes to descriptors that it did not open, and ends."""
    channel.phase("joined")
    if orders.worker == 1:
        for fd in [int(each.name) for each in Path("/proc/self/fd").iterdir()]:
            with contextlib.suppress(OSError):
                if fd > 2:
                    os.write(fd, b"[1, 2\n17\n")
        os._exit(3)
    threading.Event().wait()


@program
def use_up_memory(orders: PlayOrders, channel: Channel) -> None:
    """Worker 1 goes into a control group of 64 MiB (its folder is an order) and takes more."""
    channel.phase("joined")
    if orders.worker == 1:
        Path(orders.group, "cgroup.procs").write_text(str(os.getpid()))
        held = [bytearray(os.urandom(2**20)) for _ in range(256)]
        print(len(held))
    threading.Event().wait()


@program
def one_lags_behind(orders: PlayOrders, channel: Channel) -> None:
    """Workers 0, 2 and 3 wait in a call of TensorFlow; worker 1 is somewhere of its own."""
    channel.phase("joined")
    channel.phase("step 3")
    if orders.worker == 1:
        threading.Event().wait()
    # Stands on the stack where TensorFlow would: a frame is told by the name of its file.
    wait = "import threading\nthreading.Event().wait()"
    exec(compile(wait, "/lib/site-packages/tensorflow/collective.py", "exec"))


@program
def ignore_everything(orders: PlayOrders, channel: Channel) -> None:
    """Worker 1 cannot show its stacks: it is stopped."""
    channel.phase("joined")
    if orders.worker == 1:
        os.kill(os.getpid(), signal.SIGSTOP)
    threading.Event().wait()


@program
def hold_a_port(orders: PlayOrders, channel: Channel) -> None:
    """Listen on every interface, as TensorFlow's server does, and tell the port."""
    server = socket.create_server(("0.0.0.0", 0))
    write_json(Path(orders.report), server.getsockname()[1])
    channel.phase("joined")
    threading.Event().wait()


@program
def leave_shared_memory(orders: PlayOrders, channel: Channel) -> None:
    """Leave what only its owner would remove: shared memory, and a temporary file."""
    channel.phase("joined")
    shared = Path("/dev/shm") / f"left-by-a-test-{secrets.token_hex(8)}"
    shared.write_text("left")
    _, temporary = tempfile.mkstemp()
    write_json(Path(orders.report), [str(shared), temporary])
    os.kill(os.getpid(), signal.SIGKILL)


@program
def count_steps(orders: PlayOrders, channel: Channel) -> None:
    """Take ten steps, and report."""
    channel.phase("joined")
    for step in range(1, 11):
        channel.phase(f"step {step}")
    _leave(channel)


@program
def report_surroundings(orders: PlayOrders, channel: Channel) -> None:
    """Write down what a process sees of its network, of other processes and of itself."""
    channel.phase("joined")
    found = {
        "interfaces": [name for _, name in socket.if_nameindex()],
        "first process": Path("/proc/1/cmdline").read_text().split("\0")[0],
        "processes": sum(entry.name.isdigit() for entry in Path("/proc").iterdir()),
        "user": [os.getuid(), os.getgid()],
    }
    write_json(Path(orders.report), found)
    _leave(channel)


@program
def visit_each_other(orders: PlayOrders, channel: Channel) -> None:
    """Listen, and connect to whoever listens already."""
    server = socket.create_server(("0.0.0.0", 0))
    write_json(Path(orders.report), server.getsockname()[1])
    for report in Path(orders.report).parent.glob("worker-*.report.json"):
        socket.create_connection(("127.0.0.1", int(report.read_text())), timeout=5).close()
    channel.phase("joined")
    _leave(channel)


@program
def compute_steps(orders: PlayOrders, channel: Channel) -> None:
    """Take ten steps that keep the processor busy; print the CPU time before each of them."""
    channel.phase("joined")
    for step in range(1, 11):
        print(time.process_time(), flush=True)
        channel.phase(f"step {step}")
        sum(range(1_500_000))
    _leave(channel)


@program
def wait_for_who_raised(orders: PlayOrders, channel: Channel) -> None:
    """Worker 0 reports an error; worker 2 cannot go on before that has ended."""
    folder = Path(orders.report).parent
    with (folder / "held").open("w") as held:
        if orders.worker == 0:
            fcntl.flock(held, fcntl.LOCK_EX)
            (folder / "ready").touch()
        while not (folder / "ready").exists():
            threading.Event().wait(0.01)
        channel.phase("joined")
        if orders.worker != 0:
            fcntl.flock(held, fcntl.LOCK_EX)
        channel.reported(good=orders.worker != 0)
        channel.wait_for_leave()


@program
def visit(orders: PlayOrders, channel: Channel) -> None:
    """Worker 1 listens; worker 0 visits it as soon as that has joined, and notes how long it took.

    Both have a network of their own. `ready` is a file that worker 1 makes.
    """
    here = orders.hosts[orders.worker], 40000
    with socket.create_server(here):
        channel.phase("joined")
        if orders.worker == 1:
            Path(orders.ready).touch()
        else:
            while not Path(orders.ready).exists():
                threading.Event().wait(0.01)
            began = time.monotonic()
            socket.create_connection((orders.hosts[1], 40000), timeout=20).close()
            write_json(Path(orders.report), time.monotonic() - began)
        _leave(channel)


@program
def stay(orders: PlayOrders, channel: Channel) -> None:
    """Listen, start a family, and go from phase to phase until the one to stay at.

    Where that is `success` or `failure`, worker 1 ends so, and worker 0 as it can.
    """

    def arrive(phase: str) -> None:
        if phase != orders.stay_at:
            return
        Path(orders.marker).touch()
        threading.Event().wait()

    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    server.bind(("0.0.0.0", orders.port))
    server.listen()
    # The family keeps the port open, too.
    server.set_inheritable(True)
    start_family(close_fds=False)
    tempfile.mkstemp()
    arrive("forked")
    channel.phase("joined")
    arrive("joined")
    channel.phase("step 1")
    arrive("step 1")
    if orders.stay_at == "failure" and orders.worker == 1:
        raise ValueError("as ordered")
    write_json(Path(orders.report), {})
    channel.reported(good=True)
    arrive("reported")
    channel.wait_for_leave()


@program
def listen(orders: PlayOrders, channel: Channel) -> None:
    """Listen on the port as gRPC does when it is told that it may share it, and leave with all."""
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        server.bind((orders.host, orders.port))
        server.listen()
        with socket.create_connection(("127.0.0.1", orders.port), timeout=5):
            # Somebody else who listened there would get one of the two.
            server.settimeout(5)
            server.accept()[0].close()
        channel.phase("joined")
        _leave(channel)


@program
def linger(orders: PlayOrders, channel: Channel) -> None:
    """Report, and stay although all may leave."""
    channel.phase("joined")
    channel.reported(good=True)
    if orders.worker == orders.lingering:
        threading.Event().wait()
    channel.wait_for_leave()


@program
def fail_one_after_the_other(orders: PlayOrders, channel: Channel) -> None:
    """Worker 1 ends first, and worker 0 some time after that."""
    channel.phase("joined")
    ending = Path(orders.report).parent / "ending"
    if orders.worker == 1:
        ending.touch()
        os._exit(3)
    while not ending.exists():
        threading.Event().wait(0.01)
    threading.Event().wait(0.5)
    os._exit(4)


@program
def wait_for_a_file(orders: PlayOrders, channel: Channel) -> None:
    """Say who this is, and report as soon as somebody makes the file `go` beside the report."""
    channel.phase("joined")
    report = Path(orders.report)
    write_json(report, {"pid": os.getpid(), "family": start_family()})
    while not (report.parent / "go").exists():
        threading.Event().wait(0.01)
    _leave(channel)


@program
def report_orders(orders: PlayOrders, channel: Channel) -> None:
    """Write down how long the orders and the environment are."""
    channel.phase("joined")
    long = sum(len(value) for name, value in os.environ.items() if name.startswith("LONG_"))
    write_json(Path(orders.report), {"more": len(orders.more), "environment": long})
    _leave(channel)


@program
def report_limit(orders: PlayOrders, channel: Channel) -> None:
    """Write down how many descriptors this process may have."""
    channel.phase("joined")
    write_json(Path(orders.report), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    _leave(channel)


@program
def flood_its_channel(orders: PlayOrders, channel: Channel) -> None:
    """Write megabytes into the channel, and no end of a line."""
    channel.phase("joined")
    channel._socket.sendall(b"x" * 2**22)
    os._exit(3)
