"""Programs that leave with some exit code, or are ended by a signal."""

from __future__ import annotations

from tests.distributed.endings.ending import Ending


def exits(what: str) -> Ending:
    """A program that leaves by sys.exit."""
    return Ending(f"print('before')\nsys.exit({what})")


EXIT_CODES = {
    "falls off the end": Ending("print('done')"),
    "exit None": exits("None"),
    "exit 0": exits("0"),
    "exit 1": exits("1"),
    "exit 256": exits("256"),
    "exit 259": exits("259"),
    "exit -1": exits("-1"),
    "exit 2**70": exits("2**70"),
    "exit -2**70": exits("-2**70"),
    "exit 2**40": exits("2**40 + 3"),
    "exit text": exits("'no good'"),
    "exit tuple": exits("('a', 1)"),
    "exit bool": exits("True"),
    "exit object": exits("{'x': 1.5}"),
    "exit not printable": Ending(
        "class Bad:\n    def __str__(self): raise ValueError\nsys.exit(Bad())"
    ),
    "exit in a function": Ending("def leave(): sys.exit(4)\ntry: leave()\nfinally: print('last')"),
    "exit of a subclass": Ending(
        "class Leave(SystemExit):\n    code = 6\nprint('now')\nraise Leave('unused')"
    ),
    "exit in a thread": Ending(
        "t = threading.Thread(target=lambda: sys.exit(5)); t.start(); t.join(); print('goes on')"
    ),
    "os._exit 0": Ending("print('now')\nos._exit(0)"),
    "os._exit 3": Ending("print('now')\nos._exit(3)"),
    "os._exit 3 in a thread": Ending(
        "threading.Thread(target=lambda: os._exit(3)).start()\nthreading.Event().wait()"
    ),
    "killed": Ending("os.kill(os.getpid(), signal.SIGKILL)"),
    "terminated": Ending("os.kill(os.getpid(), signal.SIGTERM)\ntime.sleep(9)"),
    "segmentation fault": Ending("os.kill(os.getpid(), signal.SIGSEGV)\ntime.sleep(9)"),
    "aborted": Ending("os.abort()"),
    "alarm": Ending("signal.setitimer(signal.ITIMER_REAL, 0.01)\ntime.sleep(9)"),
    "user signal": Ending("os.kill(os.getpid(), signal.SIGUSR1)\ntime.sleep(9)"),
    "interrupted": Ending("os.kill(os.getpid(), signal.SIGINT)\ntime.sleep(9)"),
}
