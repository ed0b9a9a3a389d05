"""What becomes of a command whose standard streams are closed, full, or of another alphabet."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from testbed.launcher.run_folder import write_json
from testbed.report.output.console import progress_bar
from tests.house.sources import ROOT
from tests.unit.builders import counted_per_replica, merged, run_record

# A command that prints much, goes on to its end, and has something to say by its status.
COMMAND = """
import sys
from pathlib import Path
from testbed.cli import main as cli
from testbed.cli.commands import list

def main(options):
    {body}
    Path("done").touch()
    return 3

list.main = main
sys.exit(cli.main(["list"]))
"""
MUCH = "for _ in range(100_000): print('x' * 60)"

ALPHABETS = {
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "latin-1": {"PYTHONIOENCODING": "latin-1"},
    "C": {"LC_ALL": "C"},
    "POSIX": {"LC_ALL": "POSIX"},
    "C without UTF-8": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
}


def in_shell(
    line: str, *arguments: str, folder: Path, **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """Run a line of the shell, in which "$@" is the interpreter with its arguments."""
    return subprocess.run(
        ["bash", "-c", line, "bash", sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        timeout=60,
        check=False,
    )


def command(body: str) -> tuple[str, str]:
    return "-c", COMMAND.format(body=body)


@pytest.mark.parametrize("line", ['"$@" | head -1', '"$@" 2>&1 | head -1', '"$@" | true'])
def test_a_reader_that_leaves_changes_nothing(tmp_path: Path, line: str) -> None:
    """Whoever reads only the first line gets it; the command ends as it would, without a word."""
    done = in_shell(f"{line}; echo ${{PIPESTATUS[0]}}", *command(MUCH), folder=tmp_path)
    assert done.stdout.splitlines()[-1] == b"3"
    assert done.stderr == b""
    assert (tmp_path / "done").exists()


def test_errors_that_nobody_reads_change_nothing(tmp_path: Path) -> None:
    """A reader of the errors that leaves is as good as one of the output."""
    body = MUCH.replace("print('x' * 60)", "print('x' * 60, file=sys.stderr)")
    line = '{ "$@" 2>&1 >&3 | true; echo ${PIPESTATUS[0]}; } 3>&1'
    assert in_shell(line, *command(body), folder=tmp_path).stdout == b"3\n"
    assert (tmp_path / "done").exists()


def test_a_full_disk_under_the_output_is_told(tmp_path: Path) -> None:
    """Output that could not be written is status 1 with one line, and the command goes on."""
    done = in_shell('"$@" > /dev/full', "-m", "testbed", "list", folder=tmp_path)
    assert done.returncode == 1
    assert done.stderr == b"testbed: the output is not complete: No space left on device\n"
    assert in_shell('"$@" > /dev/full', *command(MUCH), folder=tmp_path).returncode == 3
    assert (tmp_path / "done").exists()


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_nothing_takes_the_place_of_a_closed_stream(tmp_path: Path, closed: str) -> None:
    """Where standard streams are closed, no socket gets their numbers, and nothing fails."""
    body = (
        "import os, socket; print('said'); print('said', file=sys.stderr);"
        " taken = [socket.socket().fileno(), *(os.fstat(fd) and fd for fd in range(3))];"
        " Path('taken').write_text(str(taken[0] > 2))"
    )
    done = in_shell(f'"$@" {closed}', *command(body), folder=tmp_path)
    assert (done.returncode, (tmp_path / "taken").read_text()) == (3, "True")
    assert done.stdout == (b"" if ">&- " in f"{closed} ".replace("2>&- ", "") else b"said\n")
    assert done.stderr == (b"" if "2>&-" in closed else b"said\n")


@pytest.mark.parametrize(
    "alphabet",
    [
        pytest.param(each, marks=pytest.mark.soak if each in ("latin-1", "POSIX") else ())
        for each in ALPHABETS
    ],
)
def test_every_text_can_be_printed(tmp_path: Path, alphabet: str) -> None:
    """Letters that a terminal lacks, and names that are no text, are printed as escapes."""
    body = r"text = 'z\xe4h \u2503 \udcff'; print(text); print(text, file=sys.stderr)"
    done = in_shell('"$@"', *command(body), folder=tmp_path, **ALPHABETS[alphabet])
    assert done.returncode == 3
    assert done.stdout == done.stderr
    assert done.stdout.startswith(b"z")
    assert done.stdout.endswith(b"\\udcff\n")


def test_a_table_in_ascii_is_a_table(tmp_path: Path) -> None:
    """A terminal that knows ASCII only gets a table drawn of ASCII, without a single escape."""
    write_json(tmp_path / "r.json", run_record(counted_per_replica(), merged()).to_json())
    report = ("-m", "testbed", "report", "r.json")
    done = in_shell('"$@"', *report, folder=tmp_path, PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert done.stdout.decode("ascii").count("+--") >= 2
    assert b"\\" not in done.stdout


@pytest.mark.parametrize(("encoding", "dots"), [("ascii", False), ("utf-8", True)])
def test_a_bar_in_ascii_is_a_bar(encoding: str, dots: bool) -> None:
    """What goes on is shown in ASCII where the terminal knows nothing else, and cut off there."""
    screen = io.BytesIO()
    stream = io.TextIOWrapper(screen, encoding=encoding, write_through=True)
    console = Console(file=stream, force_terminal=True, width=40)
    with progress_bar(console) as bar:
        bar.add_task("a case whose name is longer than the line is wide", total=2)
    assert ("…" in screen.getvalue().decode(encoding)) == dots
    assert "a case" in screen.getvalue().decode(encoding)


def test_a_message_is_one_line(tmp_path: Path) -> None:
    """A name that holds line breaks and commands to the terminal is told, not obeyed."""
    done = in_shell('"$@"', "-m", "testbed", "list", "a\n\x1b[31m.py", folder=tmp_path)
    assert done.returncode == 2
    assert done.stderr == b"testbed: no such script: a\\n\\x1b[31m.py\n"
