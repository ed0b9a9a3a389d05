"""Whatever surrounds a run, it comes to its end with the same verdicts and the same record."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.distributed.conftest import ROOT, Done
from tests.soak import later

COUNTER = """
@scenario(sites=("outside_scope",), modes=("function",))
@breaks("counted_per_replica", when=lambda case: case.replicas_per_worker > 1)
def counter(bed: Bed) -> None:
    \"\"\"A counter counts steps.\"\"\"
    print("z\\xe4hler \\u2192")
    steps = bed.make(lambda: tf.Variable(0.0))
    bed.run(lambda: steps.assign_add(1.0), times=5)
    bed.claim(steps, value=5.0)
"""
WRONG = """
@scenario(sites=("outside_scope",), modes=("function",))
def wrong(bed: Bed) -> None:
    \"\"\"Whatever it holds, it is not that.\"\"\"
    steps = bed.make(lambda: tf.Variable(0.0))
    bed.claim(steps, value=5.0)
"""
FILES = ("--json", "result.json", "--html", "page.html", "--junit", "junit.xml")

# Named as somebody who has no list at hand would name them; no value is part of another text.
SECRETS = {
    name: f"s3cr3t-{number}-{'x' * number}-hunter2"
    for number, name in enumerate(
        ("MYSQL_PWD", "SENTRY_DSN", "DATABASE_URL", "BLOB_SAS", "AZURE_STORAGE_CONNECTION_STRING",
         "GITHUB_PAT", "MY_LICENCE", "TF_API_TOKEN", "SLURM_JWT", "CONDA_CHANNEL_AUTH",
         "TF_VAR_login", "WIFI")
    )
}  # fmt: skip
ADDRESSES = {
    "http_proxy": "http://me:s3cr3t-p@ss@localhost:9/",
    "TF_ADDRESS": "https://store/x?sig=s3cr3t-signature",
}

# Time stands still nowhere, and jumps by up to an hour at every look.
JUMPS = """
import datetime, random, sys, time
# Which Keras imports where it is installed, and whose C code bears no other class.
sys.modules["pandas"] = None
real, jump = time.time, lambda: random.uniform(-3600, 3600)
time.time = lambda: real() + jump()
time.time_ns = lambda: int(time.time() * 1e9)

class Jumping(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return super().now(tz) + datetime.timedelta(seconds=jump())

datetime.datetime = Jumping
"""


def test_a_reader_that_leaves_takes_nothing_along(
    script: Callable[..., str], tmp_path: Path
) -> None:
    """`| head -1`, also with -v: the run goes on, keeps its record, and has its true status."""
    command = [sys.executable, "-m", "testbed", "run", script(COUNTER + WRONG), "-v", *FILES]
    done = subprocess.run(
        ["bash", "-c", 'set -o pipefail; "$@" --strategy default | head -1', "bash", *command],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert len(done.stdout.splitlines()) == 1
    (record,) = tmp_path.glob(".testbed/runs/*/run.json")
    for path in (record, tmp_path / "result.json"):
        assert [case["as_expected"] for case in json.loads(path.read_text())["cases"]] == [
            True,
            False,
        ]
    assert (tmp_path / "page.html").exists()
    assert (tmp_path / "junit.xml").exists()


QUOTES, LINES, LETTERS = 'it\'s "q" $HOME \\ `x`; &', "new\nline", "z\xe4hler \u4e16\u754c [bold]"


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(f"{QUOTES} {LINES} {LETTERS}", id="all of them"),
        later(QUOTES, name="quotes"),
        later(LINES, name="lines"),
        later(LETTERS, name="letters"),
        pytest.param(os.fsdecode(b"no\xfftext"), id="bytes"),
    ],
)
def test_any_folder_will_do(script: Callable[..., str], tmp_path: Path, name: str) -> None:
    """A script and its run in a folder of any name give the verdicts and files as anywhere."""
    folder = tmp_path / name
    folder.mkdir()
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    path = Path(script(COUNTER, name="mine")).rename(folder / f"{name}.py")
    done = subprocess.run(
        [sys.executable, "-m", "testbed", "run", f"./{path.name}", "--strategy", "mirrored",
         *FILES],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PYTHONIOENCODING": "ascii",
            "TMPDIR": str(temporary),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 case: 1 failure shown as documented, 0 unexpected" in done.stdout
    assert list(temporary.iterdir()) == []
    (case,) = json.loads((folder / "result.json").read_text())["cases"]
    shown = os.fsencode(name).decode("utf-8", "backslashreplace")
    assert case["evidence"] == "10 for 5"
    assert case["scenario"] in (f"{name}.counter", f"{shown}.counter", "no\\udcfftext.counter")
    assert "10 for 5" in (folder / "page.html").read_text(encoding="utf-8")
    assert 'tests="1" failures="0"' in (folder / "junit.xml").read_text(encoding="utf-8")


def test_no_secret_is_written_down(
    testbed: Callable[..., Done], script: Callable[..., str], tmp_path: Path
) -> None:
    """Not one byte of what a run leaves holds a secret of its environment, well or badly ended."""
    path = script(COUNTER + WRONG)
    done = testbed("run", "-v", path, "--strategy", "default", *FILES, **SECRETS, **ADDRESSES)
    assert done.status == 1
    kept = done.output.splitlines()[0]
    assert kept.startswith("kept from your environment: ")
    assert "TF_ADDRESS=https://store/x?(left out), TF_API_TOKEN=(left out)" in kept
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert {"environment.json", "run.json", "result.json", "page.html", "junit.xml"} <= {
        file.name for file in files
    }
    told = b"".join(file.read_bytes() for file in files) + done.output.encode()
    assert b"SENTRY_DSN" in told
    assert [name for name, value in SECRETS.items() if value.encode() in told] == []
    assert b"s3cr3t" not in told


def test_a_clock_that_jumps_changes_nothing(
    testbed: Callable[..., Done], script: Callable[..., str], tmp_path: Path
) -> None:
    """Verdicts, deadlines and durations come from a clock that nobody can set."""
    (tmp_path / "clock").mkdir()
    (tmp_path / "clock" / "sitecustomize.py").write_text(JUMPS)
    python_path = f"{tmp_path}/clock:{ROOT}"
    begins = """
import time
assert abs(time.time() - time.clock_gettime(time.CLOCK_REALTIME)) > 1e-3
"""
    done = testbed(
        "run", script(begins + COUNTER), "--strategy", "multi_worker_mirrored", *FILES,
        PYTHONPATH=python_path,
    )  # fmt: skip
    assert (done.status, done.errors) == (0, "")
    assert [case["as_expected"] for case in done.record["cases"]] == [True, True]
    for seconds in (done.record["seconds"], *(case["seconds"] for case in done.record["cases"])):
        assert 0 < seconds < 100


def on_a_small_disk(
    tmp_path: Path, *arguments: str, then: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run `testbed` in a folder on a disk of 2 MB; `then` is a shell command for that folder."""
    unshare = ["unshare", *(["--map-root-user"] if os.geteuid() else []), "--mount"]
    if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no mount of one's own is allowed here")
    disk = tmp_path / "disk"
    disk.mkdir()
    line = 'mount -t tmpfs -o size=2m tmpfs "$1" && cd "$1" && shift && "$@"; status=$?'
    return subprocess.run(
        [*unshare, "sh", "-c", f"{line}; {then or ':'}; exit $status", "sh", str(disk),
         sys.executable, "-m", "testbed", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )  # fmt: skip


def test_a_record_that_does_not_fit_is_told_after_the_table(
    script: Callable[..., str], tmp_path: Path
) -> None:
    """What a run saw is shown though its record cannot be written; files elsewhere are whole."""
    # There is space for its copy and for the plan, which holds it, and not for a third one.
    path = script(COUNTER + "# " + "x" * 900_000)
    done = on_a_small_disk(
        tmp_path, "run", path, "--strategy", "default", "--json", str(tmp_path / "result.json"),
        "--html", "page.html", then="find . -name '.testbed-*' -o -name run.json",
    )  # fmt: skip
    assert done.returncode == 1
    assert "1 case: 1 behave, 0 unexpected" in done.stdout
    assert [line.partition(": ")[2].rpartition("/")[2] for line in done.stderr.splitlines()] == [
        "run.json: No space left on device; it is not written",
        "--html page.html: No space left on device; it is not written",
    ]
    assert json.loads((tmp_path / "result.json").read_text())["as_expected"]
    assert "run.json" not in done.stdout
    assert ".testbed-" not in done.stdout


def test_a_program_that_fills_the_disk_is_told_with_its_reason(
    script: Callable[..., str], tmp_path: Path
) -> None:
    """Neither report nor log has space then: the reason reaches the launching process."""
    path = Path(script("", name="fills"))
    path.write_text(
        "import os\nfile = os.open('fill', os.O_CREAT | os.O_WRONLY)\n"
        "while True:\n    os.write(file, b'x' * 4096)\n"
    )
    done = on_a_small_disk(tmp_path, "launch", "--workers", "1", str(path))
    assert done.returncode == 1
    assert "exit code 1 (OSError: [Errno 28] No space left on device)" in done.stderr
