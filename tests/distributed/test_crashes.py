"""A worker that ends in any way but the right one: its case says so, and the others go on."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.distributed.conftest import Done
from tests.process.namespaces import needs_namespaces

HEAD = """
def add() -> tf.Tensor:
    return tf.distribute.get_replica_context().all_reduce("sum", tf.constant(1.0))
"""
ADDS_UP = '''
@scenario(sites=("in_scope",), modes=("function",))
def {name}(bed: Bed) -> None:
    """All add up."""
    bed.claim(bed.run(add), value=2.0)
'''
CRASHES_SO = '''
@scenario(sites=("in_scope",), modes=("function",))
def {name}(bed: Bed) -> None:
    """All add up, twice."""
    bed.run(add)
    if bed.worker == 1:
        {crash}
    bed.claim(bed.run(add), value=2.0)
'''

CRASHES = {
    "segmentation_fault": (
        "import ctypes; ctypes.string_at(0)",
        r"worker 1 ended after \d+\.\d s in phase 'step 1': killed by SIGSEGV",
    ),
    "abort": ("os.abort()", r"worker 1 ended .* in phase 'step 1': killed by SIGABRT"),
    "killed": (
        "os.kill(os.getpid(), signal.SIGKILL)",
        r"worker 1 ended .* in phase 'step 1': killed by SIGKILL$",
    ),
    "left without a word": (
        "os._exit(0)",
        r"worker 1 ended .* in phase 'step 1': exit code 0, without a report",
    ),
    "sys.exit": (
        "raise SystemExit(3)",
        r"worker 1 ended .* in phase 'step 1': exit code 3 \(it left by sys.exit\(3\)\)",
    ),
    "exception": (
        "undefined",
        r"in the scenario: NameError: name 'undefined' is not defined",
    ),
    "huge result": (
        'bed.claim("x" * 100 * 2**20, value="x")',
        r"worker 1 reported \d+ MiB; at most 16 MiB: claim or return less",
    ),
    "report that is none": (
        "import testbed.worker.main as main\n"
        "        main.write_json = lambda path, _: path.write_text('{\"version\": 1')",
        r"worker 1's report cannot be read \(JSONDecodeError: ",
    ),
    "huge output": (
        'print("x" * 100 * 2**20)',
        r"worker 1 was ended after \d+\.\d s in phase '.*': it printed more than 64 MiB",
    ),
    "damaged report": (
        "import pathlib\n"
        "        next(pathlib.Path('.testbed/runs').glob('*/cases/*damaged_report*'))"
        ".joinpath('worker-1.report.json').mkdir()",
        r"worker 1 ended .*: exit code 1 \((IsADirectory|OS)Error: ",
    ),
}


def test_every_crash_is_told(command: Callable[..., Done], script: Callable[..., str]) -> None:
    """A case is an error that names the worker and what became of it; the others are judged."""
    bodies = [
        CRASHES_SO.format(name=re.sub(r"\W", "_", name), crash=crash)
        for name, (crash, _) in CRASHES.items()
    ]
    last_of_all = ADDS_UP.format(name="still_adds_up")
    path = script(HEAD + ADDS_UP.format(name="adds_up") + "".join(bodies) + last_of_all)
    done = command(
        "run", path, "--strategy", "multi_worker_mirrored", "--workers", "2", "--json",
        "result.json",
    )  # fmt: skip
    assert (done.status, done.errors) == (1, "")
    first, *crashed, last = done.record["cases"]
    assert (first["verdict"], last["verdict"]) == ("behaves", "behaves")
    for case, (_, told) in zip(crashed, CRASHES.values(), strict=True):
        assert case["verdict"] == "error", case["id"]
        assert re.search(told, case["evidence"]), f"{case['id']}: {case['evidence']}"


@needs_namespaces
def test_who_needs_the_network_is_told(
    command: Callable[..., Done], script: Callable[..., str]
) -> None:
    """A script that would download something is told that a run has no network, and what to do."""
    body = """
@scenario(sites=("in_scope",), modes=("eager",))
def downloads(bed: Bed) -> None:
    \"\"\"There is a network.\"\"\"
    import urllib.request
    urllib.request.urlopen("http://example.invalid/")
"""
    options = ["--strategy", "default", "--json", "result.json", "--isolation", "required"]
    (case,) = command("run", script(body), *options).record["cases"]
    assert case["verdict"] == "error"
    assert case["evidence"].endswith("a run has no network but its own: --isolation none")


def test_a_value_of_an_unknown_type_is_read(
    command: Callable[..., Done], script: Callable[..., str]
) -> None:
    """What cannot be written down, as a lock, is a wrong value like any other, and no crash."""
    body = """
@scenario(sites=("in_scope",), modes=("eager",))
def locked(bed: Bed) -> None:
    \"\"\"A lock is one.\"\"\"
    import threading
    bed.claim(threading.Lock(), value=1.0)
"""
    done = command("run", script(body), "--strategy", "default", "--json", "result.json")
    assert done.errors == ""
    (case,) = done.record["cases"]
    assert (case["verdict"], case["symptom"]) == ("breaks", "wrong_value")
